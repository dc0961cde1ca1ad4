// The strip at the bottom: messages per second and marks of what has happened, with a slider over it that shows any moment
// of the last minutes. It must not keep what happened; that is the timeline's.

import { make } from './dom.ts'
import type { Palette } from './palette.ts'
import type { Store } from './store.ts'
import type { ViewState } from './view-state.ts'
import { behindText, clockText, countText, quietText, rateText, timeText } from './wording.ts'

/** The whole strip is that long at the beginning, and grows to what the timeline keeps. */
const SPAN_MIN_MS = 60_000
const CHART_PX = 38
const MARKS_PX = 10

/** The elements of the strip. */
export interface TimelineElements {
  readonly canvas: HTMLCanvasElement
  readonly scrub: HTMLInputElement
  readonly moment: HTMLElement
  readonly pause: HTMLButtonElement
  readonly live: HTMLButtonElement
}

/** The strip. */
export class TimelineView {
  readonly #elements: TimelineElements
  readonly #store: Store
  readonly #view: ViewState
  readonly #palette: () => Palette

  constructor(elements: TimelineElements, store: Store, view: ViewState, palette: () => Palette) {
    this.#elements = elements
    this.#store = store
    this.#view = view
    this.#palette = palette
    elements.scrub.addEventListener('input', () => this.#scrubbed())
    elements.pause.addEventListener('click', () => this.toggle())
    elements.live.addEventListener('click', () => view.set({ momentMs: undefined }))
    new ResizeObserver(() => this.show()).observe(elements.canvas)
  }

  /** Stops at this moment, or goes on live. */
  toggle(): void {
    const isLive = this.#view.now.momentMs === undefined
    if (isLive && !this.#store.model.isKnown) return
    this.#view.set({ momentMs: isLive ? this.#store.timeline.toMs : undefined })
  }

  /** Draws the strip. */
  show(): void {
    const { scrub, moment, pause, live } = this.#elements
    const { momentMs } = this.#view.now
    const isLive = momentMs === undefined
    const [fromMs, toMs] = this.#range()
    const isEmpty = this.#store.timeline.fromMs === 0
    const atMs = momentMs ?? toMs
    scrub.min = String(fromMs)
    scrub.max = String(toMs)
    scrub.step = String(Math.max(100, Math.round((toMs - fromMs) / 2_000)))
    scrub.value = String(isLive ? toMs : atMs)
    scrub.disabled = isEmpty
    const backMs = toMs - atMs
    scrub.setAttribute(
      'aria-valuetext',
      isLive ? this.#newest() : `${timeText(atMs)}, ${clockText(backMs)} ago`,
    )
    pause.textContent = isLive ? 'Pause' : 'Go on'
    pause.disabled = isEmpty
    // A button that cannot be pressed any more loses the focus to nobody.
    if (isLive && document.activeElement === live) pause.focus()
    live.disabled = isLive
    live.classList.toggle('primary', !isLive)
    moment.replaceChildren(
      make('b', { text: isEmpty ? 'No data yet' : timeText(atMs) }),
      isEmpty ? '' : isLive ? this.#sampling() : `${clockText(backMs)} ago`,
    )
    this.#draw(fromMs, toMs)
  }

  #newest(): string {
    const { phase } = this.#store
    if (phase.is === 'lost') return 'not connected'
    if (phase.is === 'quiet') return quietText(phase.quietMs)
    return phase.is === 'behind' ? behindText(phase.behindMs) : 'live'
  }

  #sampling(): string {
    const { phase, lastTraffic, history, nowMs } = this.#store
    const parts = [this.#newest()]
    if (phase.is === 'lost') return this.#newest()
    if (lastTraffic !== undefined && lastTraffic.oneIn > 1) parts.push(`1 in ${lastTraffic.oneIn} messages`)
    const leftOut = history.leftOutPerMinute(nowMs)
    if (leftOut > 0) parts.push(`${countText(leftOut)} steps/min left out`)
    return parts.join(', ')
  }

  #range(): readonly [number, number] {
    const { timeline } = this.#store
    const toMs = Math.max(timeline.toMs, 1)
    return [Math.min(Math.max(timeline.fromMs, toMs - 600_000), toMs - SPAN_MIN_MS), toMs]
  }

  #scrubbed(): void {
    const { scrub } = this.#elements
    const atMs = Number(scrub.value)
    // The slider stops at whole steps from its beginning, the last of which can be before its end.
    const isAtEnd = atMs > Number(scrub.max) - Number(scrub.step)
    const first = this.#store.timeline.fromMs
    this.#view.set({ momentMs: isAtEnd ? undefined : Math.max(atMs, first) })
  }

  #draw(fromMs: number, toMs: number): void {
    const { canvas } = this.#elements
    const widthPx = canvas.clientWidth
    const context = canvas.getContext('2d')
    if (context === null || widthPx === 0) return
    const ratio = devicePixelRatio
    const [width, height] = [Math.round(widthPx * ratio), Math.round(CHART_PX * ratio)]
    if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height })
    context.setTransform(ratio, 0, 0, ratio, 0, 0)
    context.clearRect(0, 0, widthPx, CHART_PX)
    // The slider's thumb does not reach the ends of its track.
    const inset = 8
    const trackPx = widthPx - 2 * inset
    const x = (atMs: number) => inset + ((atMs - fromMs) / (toMs - fromMs)) * trackPx
    this.#chart(context, x, [fromMs, toMs])
    this.#marks(context, x, fromMs)
    const { momentMs } = this.#view.now
    if (momentMs === undefined) return
    context.fillStyle = this.#palette().accent
    context.fillRect(x(momentMs) - 1, 0, 2, CHART_PX)
  }

  #chart(
    context: CanvasRenderingContext2D,
    x: (atMs: number) => number,
    [fromMs, toMs]: readonly [number, number],
  ): void {
    const { history } = this.#store
    const palette = this.#palette()
    const bottom = CHART_PX - 1
    const height = CHART_PX - MARKS_PX - 3
    let most = 1
    for (let atMs = fromMs; atMs < toMs; atMs += 1_000) {
      most = Math.max(most, history.directAt(atMs) + history.broadcastAt(atMs) + history.unseenAt(atMs))
    }
    const barPx = Math.max(1, x(fromMs + 1_000) - x(fromMs) - 0.5)
    // The second that is not over yet would always look like a drop.
    for (let atMs = Math.ceil(fromMs / 1_000) * 1_000; atMs + 1_000 <= toMs; atMs += 1_000) {
      const direct = (history.directAt(atMs) / most) * height
      const broadcast = (history.broadcastAt(atMs) / most) * height
      const unseen = (history.unseenAt(atMs) / most) * height
      context.fillStyle = palette.direct
      context.fillRect(x(atMs), bottom - direct, barPx, direct)
      // In stripes: also told apart without colour.
      context.fillStyle = palette.broadcast
      for (let up = 0; up < broadcast; up += 3) {
        const stripe = Math.min(2, broadcast - up)
        context.fillRect(x(atMs), bottom - direct - up - stripe, barPx, stripe)
      }
      // In the colour of neither: nobody said what they were.
      context.fillStyle = palette.link
      context.fillRect(x(atMs), bottom - direct - broadcast - unseen, barPx, unseen)
    }
    if (most > 1) {
      context.fillStyle = palette.muted
      context.font = '10px system-ui, sans-serif'
      context.fillText(`highest: ${rateText(most)}/s`, x(fromMs) + 2, MARKS_PX + 8)
    }
    context.fillStyle = palette.link
    context.fillRect(x(fromMs), bottom, x(toMs) - x(fromMs), 1)
  }

  // A join points up, a leave down, unreachable is a cross; links and messages are not marked: there are too many.
  #marks(context: CanvasRenderingContext2D, x: (atMs: number) => number, fromMs: number): void {
    const palette = this.#palette()
    for (const { kind, atMs } of this.#store.timeline.events) {
      if (atMs < fromMs) continue
      const at = x(atMs)
      context.beginPath()
      if (kind === 'join') {
        context.fillStyle = palette.joining
        triangle(context, at, [MARKS_PX - 1, 2])
        context.fill()
      } else if (kind === 'leave' || kind === 'forgotten') {
        context.fillStyle = palette.leaving
        triangle(context, at, [2, MARKS_PX - 1])
        context.fill()
      } else if (kind === 'unreachable') {
        context.strokeStyle = palette.unreachable
        context.lineWidth = 1.6
        context.moveTo(at - 3, 2)
        context.lineTo(at + 3, 8)
        context.moveTo(at + 3, 2)
        context.lineTo(at - 3, 8)
        context.stroke()
      } else if (kind === 'outcome') {
        context.fillStyle = palette.accent
        context.arc(at, 5, 2.5, 0, 2 * Math.PI)
        context.fill()
      }
    }
  }
}

function triangle(
  context: CanvasRenderingContext2D,
  x: number,
  [base, tip]: readonly [number, number],
): void {
  context.moveTo(x - 3.5, base)
  context.lineTo(x + 3.5, base)
  context.lineTo(x, tip)
}
