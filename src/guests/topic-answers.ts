// What guests are told about topics, and about nodes that come and go. Pure functions; it must not know sockets.

import type { BroadcastAnswer } from '../answers.ts'
import { printable } from '../wire/printable.ts'
import type { Answer } from './answers.ts'
import type { GuestHistory, GuestPeerEvent } from './guest-host.ts'
import { count, failureText, namesText, resultOf } from './wording.ts'

/** `/sub` was carried out. `isNew`: it was not before. */
export function subscribed(filter: string, isNew: boolean): Answer {
  const shown = printable(filter)
  return {
    text: () =>
      isNew
        ? `you listen to ${shown} from now on; /unsub ${shown} ends it`
        : `you listen to ${shown} already`,
    json: () => ({ event: 'subscribed', filter }),
  }
}

/** `/unsub` was carried out. */
export function unsubscribed(filter: string): Answer {
  return {
    text: () => `you do not listen to ${printable(filter)} any more`,
    json: () => ({ event: 'unsubscribed', filter }),
  }
}

/** How a message about a topic ended. */
export function publishOutcome(topic: string, answer: BroadcastAnswer): Answer {
  return {
    text: () => {
      const shown = printable(topic)
      if (answer.status === 'failed') return `not published on ${shown}: ${failureText(answer)}`
      const { listeners = 0, reached, of, missing = [] } = answer
      if (reached === undefined) {
        return `published on ${shown}: ${listeners === 0 ? 'no other node listens' : `${count(listeners, 'other node')} listen${listeners === 1 ? 's' : ''}`}`
      }
      const names = namesText(missing)
      return `published on ${shown}: reached ${reached} of ${of}${names === '' ? '' : `, not ${names}`}`
    },
    json: () => ({ event: 'outcome', topic, ...resultOf(answer) }),
  }
}

/** All that was broadcast before has been shown, or did not come. */
export function historyOutcome(filter: string | undefined, answer: GuestHistory): Answer {
  const { messages, ...rest } = answer
  const told = { ...(filter === undefined ? {} : { filter }), count: messages.length }
  return {
    text: () => {
      const shown = count(messages.length, 'message')
      return answer.status === 'complete'
        ? `${shown} of before, kept by ${printable(answer.from)}`
        : `${shown} of before: ${failureText(answer)}`
    },
    json: () => ({ event: 'history', ...told, ...resultOf(rest) }),
  }
}

/** `/events` was carried out. */
export function eventsSet(on: boolean): Answer {
  return {
    text: () =>
      on
        ? 'you see nodes come and go from now on; /events off ends it'
        : 'you do not see nodes come and go any more',
    json: () => ({ event: 'events', on }),
  }
}

/** A peer has come or gone. */
export function peerEvent(event: GuestPeerEvent): Answer {
  return {
    text: () => {
      const { name } = event
      if (event.event === 'peer-join') {
        return `${name} has joined${event.url === undefined ? '' : `, ${printable(event.url)}`}`
      }
      return event.reason === 'left' ? `${name} has left` : `${name} is ${event.reason}`
    },
    json: () => ({ ...event }),
  }
}
