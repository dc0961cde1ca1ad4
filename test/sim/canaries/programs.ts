// Bugs planted into what programs use: requests, receipts, topics, tags, history, streams, and giving up.

import { Answering } from '../../../src/node/answering.ts'
import { Asking } from '../../../src/node/asking.ts'
import { fieldsOf, type Note } from '../../../src/node/envelope.ts'
import { History } from '../../../src/node/history.ts'
import { Inbox } from '../../../src/node/inbox.ts'
import { MessageStream } from '../../../src/node/message-stream.ts'
import { OpenQuestion } from '../../../src/node/open-question.ts'
import { PendingAnswers } from '../../../src/node/pending-answers.ts'
import { ReceiptBook } from '../../../src/node/receipts.ts'
import { Sending } from '../../../src/node/sending.ts'
import { Subscriptions } from '../../../src/node/subscriptions.ts'
import { ACT_KINDS, type ProgramPlan } from '../../../src/programs/plan.ts'
import { replaceMethod } from './planting.ts'

/** A bug. */
export interface ProgramCanary {
  /** What is wrong, in a few words. */
  readonly name: string
  /** Where it has to be found: what the first violation says. */
  readonly found: RegExp
  /** What a run has to have for it, where that is rare. */
  readonly change?: (plan: ProgramPlan) => ProgramPlan
  /** Puts it in; what is returned takes it out. */
  readonly plant: () => () => void
}

const doingAll = (plan: ProgramPlan): ProgramPlan => ({ ...plan, acts: new Set(ACT_KINDS) })
const keeping = (plan: ProgramPlan): ProgramPlan => ({ ...doingAll(plan), keeperShare: 1 })
const restarting = (plan: ProgramPlan): ProgramPlan => ({
  ...doingAll(plan),
  faults: new Set(['crash', 'close']),
  faultEveryMs: 200,
})

export const PROGRAM_CANARIES: readonly ProgramCanary[] = [
  {
    name: 'an answer is given to the question before it',
    found: /was answered with .*, and not|was answered with .*, and nobody did|of the error|of an error/,
    plant: () => {
      const last = new WeakMap<object, Note>()
      return replaceMethod(
        Asking,
        'answered',
        (answered) =>
          function (note) {
            const before = last.get(this) ?? note
            last.set(this, note)
            const isOne = note.headers.failure === undefined && before.headers.failure === undefined
            return answered.call(this, isOne ? { ...note, value: before.value } : note)
          },
      )
    },
  },
  {
    name: 'each run of a node gives its questions the same numbers',
    found: /was answered (by|with)|was told of|has a receipt of/,
    change: (plan) => ({
      ...restarting(plan),
      nodes: 5,
      undialable: 0,
      network: {},
      acts: new Set(['request', 'receipts']),
      actEveryMs: 5,
    }),
    plant: () => {
      const given = new WeakMap<object, Map<number, number>>()
      const numbers = (of: object): Map<number, number> => {
        const all = given.get(of) ?? new Map()
        given.set(of, all)
        return all
      }
      const uproots = [
        replaceMethod(
          PendingAnswers,
          'add',
          (add) =>
            function (pending) {
              const all = numbers(this)
              const number = all.size + 1
              all.set(number, add.call(this, pending))
              return number
            },
        ),
        replaceMethod(
          PendingAnswers,
          'get',
          (get) =>
            function (number) {
              return get.call(this, numbers(this).get(number) ?? -1)
            },
        ),
        replaceMethod(
          PendingAnswers,
          'take',
          (take) =>
            function (number) {
              return take.call(this, numbers(this).get(number) ?? -1)
            },
        ),
      ]
      return () => {
        for (const uproot of uproots) uproot()
      }
    },
  },
  {
    name: 'a handler is called twice for one request',
    found: /it came before/,
    plant: () =>
      replaceMethod(
        Answering,
        'asked',
        (asked) =>
          function (question) {
            asked.call(this, question)
            if (question.headers.about === undefined) asked.call(this, question)
          },
      ),
  },
  {
    name: 'a receipt counts twice',
    found: /it reached \d+ of \d+/,
    plant: () =>
      replaceMethod(
        ReceiptBook,
        'expect',
        (expect) =>
          function (peers, deadlineMs) {
            const { number, receipts } = expect.call(this, peers, deadlineMs)
            const twice = receipts.then((all) => ({
              ...all,
              receipts: [...all.receipts, ...all.receipts.slice(-1)],
            }))
            return { number, receipts: twice }
          },
      ),
  },
  {
    name: 'who has not got a broadcast is not named',
    found: /it reached \d+ of \d+|it counts \d+/,
    change: restarting,
    plant: () =>
      replaceMethod(
        ReceiptBook,
        'expect',
        (expect) =>
          function (peers, deadlineMs) {
            const { number, receipts } = expect.call(this, peers, deadlineMs)
            return { number, receipts: receipts.then((all) => ({ ...all, missing: all.missing.slice(1) })) }
          },
      ),
  },
  {
    name: 'a handler is not told that nobody waits any more',
    found: /has not told its handler/,
    change: doingAll,
    plant: () => replaceMethod(OpenQuestion, 'abort', () => () => {}),
  },
  {
    name: 'the history leaves out the newest broadcast',
    found: /gave .*, and had kept/,
    change: keeping,
    plant: () =>
      replaceMethod(
        History,
        'read',
        (read) =>
          function (filter) {
            const reading = read.call(this, filter)
            return { ...reading, broadcasts: reading.broadcasts.slice(0, -1) }
          },
      ),
  },
  {
    name: 'the mark behind the history is not understood',
    found: /a newcomer gets the history: history \d+ .* is expired/,
    change: (plan) => ({ ...keeping(plan), acts: new Set(['publish', 'subscribe']) }),
    plant: () =>
      replaceMethod(
        Asking,
        'answered',
        (answered) =>
          function (note) {
            return fieldsOf(note.value).count !== undefined || answered.call(this, note)
          },
      ),
  },
  {
    name: 'a listener that was ended still listens',
    found: /which had ended|has \d+ listeners, and \d+ listen/,
    change: doingAll,
    plant: () =>
      replaceMethod(
        Subscriptions,
        'add',
        (add) =>
          function (filter, listener) {
            add.call(this, filter, listener)
            return () => {}
          },
      ),
  },
  {
    name: 'who publishes hears of it twice',
    found: /it came to .* twice/,
    plant: () =>
      replaceMethod(
        Inbox,
        'own',
        (own) =>
          function (from, cast, isTold) {
            own.call(this, from, cast, isTold)
            own.call(this, from, cast, isTold)
          },
      ),
  },
  {
    name: 'a send that is given up goes on, and is told as delivered',
    found: /was given up, and is|was given up before it was sent|what is given up is told so/,
    change: doingAll,
    plant: () =>
      replaceMethod(
        Sending,
        'sendSealed',
        (sendSealed) =>
          function (to, payload, options) {
            const { signal: _, ...unsignalled } = options ?? {}
            return sendSealed.call(this, to, payload, unsignalled)
          },
      ),
  },
  {
    name: 'whoever has a tag first gets all that is for it',
    found: /has sent to #/,
    plant: () => {
      const first = new WeakMap<object, Map<string, ReturnType<Sending['destination']>>>()
      return replaceMethod(
        Sending,
        'destination',
        (destination) =>
          function (to) {
            if (typeof to === 'string') return destination.call(this, to)
            const known = first.get(this) ?? new Map()
            first.set(this, known)
            if (!known.has(to.tag)) known.set(to.tag, destination.call(this, to))
            return known.get(to.tag)
          },
      )
    },
  },
  {
    name: 'messages() forgets one message in ten',
    found: /from messages\(\), and not/,
    change: doingAll,
    plant: () => {
      let count = 0
      return replaceMethod(
        MessageStream,
        'push',
        (push) =>
          function (message) {
            return ++count % 10 === 0 || push.call(this, message)
          },
      )
    },
  },
]
