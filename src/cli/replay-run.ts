// The beginning of a run, through the protocol again: a core that is given what another one was given.
// It must not know where the lines come from.

import type { Effect } from '../core/events.ts'
import { hashPair } from '../core/hash.ts'
import { type Look, Overlay } from '../core/overlay.ts'
import { effectsHash, type RecordedStep, type RecordingHead, type RecordingLine } from '../node/recording.ts'
import { version } from '../node/version.ts'
import type { Output } from './context.ts'
import { stateText } from './replay-state.ts'
import { isShown, type Shown, type Steps, type Taken, writeBroken, writeStep } from './replay-step.ts'

/** What stands for the effects of a step at which the core threw. */
const THREW = -1

/** See the head of the file. */
export class Replay {
  readonly #out: Output
  readonly #shown: Shown
  /** Says where the run goes on after this step, when the beginning is full. */
  readonly #goesOn: (step: number) => string
  readonly #version: string | undefined
  readonly #overlay: Overlay
  #taken: boolean[] = []
  #steps = 0
  #lastMs = 0
  #firstMs: number | undefined
  #differs: number | undefined
  #hash = 0

  constructor(
    { identity, seed, config, version: by }: RecordingHead,
    {
      out,
      shown,
      goesOn,
    }: { readonly out: Output; readonly shown: Shown; readonly goesOn: (step: number) => string },
  ) {
    this.#out = out
    this.#shown = shown
    this.#goesOn = goesOn
    this.#version = by
    this.#overlay = new Overlay(identity, seed, config, () => this.#taken.shift() ?? true)
  }

  /** Those that were run. */
  get steps(): Steps {
    return { first: 1, last: this.#steps }
  }

  /** One more line. */
  take(line: RecordingLine | undefined): Taken {
    if (line === undefined || 'format' in line || 'step' in line) {
      writeBroken(this.#out, this.#steps)
      return 'unreadable'
    }
    if ('full' in line) {
      this.#out.write(`After step ${this.#steps} the beginning is full. ${this.#goesOn(this.#steps)}\n`)
      return 'last'
    }
    if ('look' in line) this.#look(line.look)
    else this.#step(line)
    return 'taken'
  }

  /** Says how it went; false when the core did something else than what is recorded. */
  end(): boolean {
    const seconds = ((this.#lastMs - (this.#firstMs ?? 0)) / 1_000).toFixed(1)
    const went = `${this.#steps} steps over ${seconds} s; all effects: ${this.#hash.toString(16).padStart(8, '0')}`
    if (this.#differs === undefined) {
      this.#out.write(`${went}, as recorded.\n`)
      return true
    }
    const by = this.#version === undefined ? 'a hearsay of unknown version' : `hearsay ${this.#version}`
    this.#out.write(
      `${went}. From step ${this.#differs} on they are not those of the recording, which is by ${by}; this is ${version()}.\n`,
    )
    return false
  }

  #look(look: Look): void {
    if (look.type === 'distance') this.#overlay.distance(look.name)
    else this.#overlay.wayTo(look.destination, look.origin, look.cameFrom)
  }

  #step(recorded: RecordedStep): void {
    const { nowMs, input, taken } = recorded
    this.#taken = [...(taken ?? [])]
    const step = ++this.#steps
    this.#firstMs ??= nowMs
    this.#lastMs = nowMs
    const { effects, threw } = this.#handle(recorded)
    this.#compare(threw === undefined ? effectsHash(effects) : THREW, recorded.effects ?? THREW)
    if (isShown(this.#shown, step))
      writeStep(this.#out, { step, nowMs, name: this.#overlay.self.name, input, effects })
    if (threw !== undefined) this.#out.write(`In step ${step} the core threw: ${threw}\n`)
    if (step === this.#shown.state) this.#out.write(`${stateText(this.#overlay)}\n`)
  }

  /** A core that threw when it was recorded does so again, and that is what somebody wants to see. */
  #handle({ input, nowMs }: RecordedStep): { effects: readonly Effect[]; threw?: string } {
    try {
      return { effects: this.#overlay.handle(input, nowMs) }
    } catch (error) {
      return { effects: [], threw: String(error) }
    }
  }

  #compare(hash: number, recorded: number): void {
    this.#hash = hashPair(String(this.#hash), String(hash))
    if (hash !== recorded) this.#differs ??= this.#steps
  }
}
