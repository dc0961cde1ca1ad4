// Whether a part of the page is in somebody's hands: a pointer or a key is down in it, or text in it is marked. What is
// replaced between the press and the release of a button is never clicked. It must not fill anything itself.

/** A tap's click comes so much later than its release, in ms. */
const CLICK_MS = 60

/** Of one element, for as long as the page lives. */
export class Hold {
  readonly #element: HTMLElement
  readonly #onRelease: () => void
  #isPressed = false
  #timer: ReturnType<typeof setTimeout> | undefined

  /** @param onRelease after the click that the release may have been */
  constructor(element: HTMLElement, onRelease: () => void) {
    this.#element = element
    this.#onRelease = onRelease
    element.addEventListener('pointerdown', () => this.#press())
    element.addEventListener('keydown', ({ key }) => {
      // A button is pressed with the release of the space bar.
      if (key === ' ') this.#press()
    })
    element.addEventListener('click', () => this.#let())
    for (const end of ['pointerup', 'pointercancel', 'keyup', 'blur', 'dragend'] as const) {
      addEventListener(end, () => this.#release())
    }
    // The release was somewhere where nobody tells of it.
    addEventListener('pointermove', ({ buttons, pointerType }) => {
      if (buttons === 0 && pointerType === 'mouse') this.#release()
    })
  }

  /** It must not be replaced now. */
  get isPressed(): boolean {
    return this.#isPressed
  }

  /** Whoever marks text to copy it must not lose it. */
  get isMarked(): boolean {
    const marked = getSelection()
    return marked?.isCollapsed === false && this.#element.contains(marked.anchorNode)
  }

  #press(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#isPressed = true
  }

  #release(): void {
    if (this.#isPressed) this.#timer ??= setTimeout(() => this.#let(), CLICK_MS)
  }

  #let(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (!this.#isPressed) return
    this.#isPressed = false
    this.#onRelease()
  }
}
