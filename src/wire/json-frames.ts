// The frames whose body is a JSON object: hello, welcome, peer-events. They are rare and must be able to grow.
// It must not pass on a key that it does not know: what comes out has the fields of core/messages and no others.

import type { Contact, Hello, ListedPeer, PeerEvents, Welcome } from '../core/messages.ts'
import type { ByteReader } from './byte-reader.ts'
import { encodeUtf8 } from './byte-writer.ts'
import { LIMITS } from './limits.ts'
import { isInstance, isPeerUrl, JsonFields } from './validate.ts'
import { WireError } from './wire-error.ts'

const REGISTERED_MAX = 0xffff_ffff

/**
 * The body of a JSON frame.
 * @throws {@link WireError} when a list is over its limit, or a value breaks its syntax.
 */
export function jsonBody(message: Hello | Welcome | PeerEvents): Uint8Array {
  const body = encodeUtf8(JSON.stringify(bodyOf(message)))
  if (message.type === 'hello' && body.length > LIMITS.helloBytesMax) {
    throw new WireError('too-large', 'hello', `expected at most ${LIMITS.helloBytesMax} bytes`)
  }
  return body
}

// Key by key, so that nothing else that the object may hold gets out.
function bodyOf(message: Hello | Welcome | PeerEvents): object {
  switch (message.type) {
    case 'hello': {
      const { protocol, role, name, incarnation, instance, linkless, registers } = message
      if (!isInstance(instance)) throw invalid('hello.instance', 'printable ASCII without blanks')
      const url = checkedUrl(message.url, 'hello.url')
      return { protocol, role, name, incarnation, instance, url, linkless, registers }
    }
    case 'welcome': {
      atMost(message.contacts, LIMITS.contactsMax, 'welcome.contacts')
      atMost(message.httpPeers, LIMITS.httpPeersMax, 'welcome.httpPeers')
      return {
        contacts: message.contacts.map(({ name, url }) => ({
          name,
          url: checkedUrl(url, 'welcome.contacts'),
        })),
        httpPeers: message.httpPeers.map((peer) => listedPeerBody(peer, 'welcome.httpPeers')),
        registered: message.registered,
      }
    }
    case 'peer-events': {
      atMost(message.joined, LIMITS.peerEventsMax, 'peer-events.joined')
      atMost(message.left, LIMITS.peerEventsMax, 'peer-events.left')
      return {
        joined: message.joined.map((peer) => listedPeerBody(peer, 'peer-events.joined')),
        left: message.left.map(({ name, reason }) => ({ name, reason })),
        registered: message.registered,
      }
    }
  }
}

function listedPeerBody({ name, kind, url }: ListedPeer, field: string): object {
  return { name, kind, url: checkedUrl(url, field) }
}

function checkedUrl(url: string | undefined, field: string): string | undefined {
  if (url !== undefined && !isPeerUrl(url)) throw invalid(field, 'a ws, wss, http or https URL')
  return url
}

function atMost(list: readonly unknown[], max: number, field: string): void {
  if (list.length > max)
    throw new WireError('too-large', field, `expected at most ${max}, got ${list.length}`)
}

function invalid(field: string, expected: string): WireError {
  return new WireError('invalid', field, `expected ${expected}`)
}

/** Reads a hello's body. What is wrong with it is in the reader's `failure`. */
export function readHello(reader: ByteReader): Hello {
  if (reader.end - reader.offset > LIMITS.helloBytesMax) {
    reader.fail('body', `expected at most ${LIMITS.helloBytesMax} bytes`)
  }
  const fields = readJson(reader)
  const hello: Hello = {
    type: 'hello',
    protocol: fields.integer('protocol', 0, 0xffff),
    role: fields.choice('role', ['node', 'bootstrap']),
    name: fields.name('name'),
    incarnation: fields.integer('incarnation', 0, LIMITS.incarnationMax),
    instance: fields.instance('instance'),
    linkless: fields.flag('linkless'),
  }
  const url = fields.urlIfThere('url')
  const registers = fields.flag('registers')
  passFailure(fields, reader)
  return { ...hello, ...(url === undefined ? {} : { url }), ...(registers && { registers: true }) }
}

/** Reads a welcome's body. What is wrong with it is in the reader's `failure`. */
export function readWelcome(reader: ByteReader): Welcome {
  const fields = readJson(reader)
  const welcome: Welcome = {
    type: 'welcome',
    contacts: fields.list('contacts', LIMITS.contactsMax, readContact),
    httpPeers: fields.list('httpPeers', LIMITS.httpPeersMax, readListedPeer),
    registered: fields.integer('registered', 0, REGISTERED_MAX),
  }
  passFailure(fields, reader)
  return welcome
}

/** Reads the body of peer-events. What is wrong with it is in the reader's `failure`. */
export function readPeerEvents(reader: ByteReader): PeerEvents {
  const fields = readJson(reader)
  const events: PeerEvents = {
    type: 'peer-events',
    joined: fields.list('joined', LIMITS.peerEventsMax, readListedPeer),
    left: fields.list('left', LIMITS.peerEventsMax, (left) => ({
      name: left.name('name'),
      reason: left.choice('reason', ['left', 'unreachable']),
    })),
  }
  const registered = fields.integerIfThere('registered', 0, REGISTERED_MAX)
  passFailure(fields, reader)
  return registered === undefined ? events : { ...events, registered }
}

function readContact(fields: JsonFields): Contact {
  return { name: fields.name('name'), url: fields.url('url') }
}

function readListedPeer(fields: JsonFields): ListedPeer {
  const peer: ListedPeer = { name: fields.name('name'), kind: fields.choice('kind', ['node', 'http']) }
  const url = fields.urlIfThere('url')
  return url === undefined ? peer : { ...peer, url }
}

function readJson(reader: ByteReader): JsonFields {
  const text = reader.text('body', reader.end - reader.offset)
  try {
    return new JsonFields(JSON.parse(text), '')
  } catch {
    reader.fail('body', 'expected JSON')
    return new JsonFields({}, '')
  }
}

function passFailure(fields: JsonFields, reader: ByteReader): void {
  if (fields.failure !== undefined && reader.failure === undefined) reader.failure = fields.failure
}
