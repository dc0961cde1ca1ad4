// Whether anybody looks at the page: a tab that stays hidden need not be told of every message in the overlay. It must not
// know the feed; it says when the page has been hidden for long, and when it is seen again.

/** A page that is hidden for so long is taken as one that nobody looks at, in ms. */
export const HIDDEN_MS = 60_000

/** Who is told. */
export interface AttentionListener {
  /** The page has been hidden for long. */
  onAway(): void
  /** It is seen again, after `onAway`. */
  onBack(): void
  /** It may have slept or have been without a network: a good moment to look whether all is well. */
  onWake(): void
}

/** Listens for as long as the page lives. */
export function startAttention(listener: AttentionListener): void {
  let timer: ReturnType<typeof setTimeout> | undefined
  let isAway = false
  const look = () => {
    clearTimeout(timer)
    if (document.visibilityState === 'hidden') {
      timer = setTimeout(() => {
        isAway = true
        listener.onAway()
      }, HIDDEN_MS)
      return
    }
    if (isAway) {
      isAway = false
      listener.onBack()
    }
    listener.onWake()
  }
  document.addEventListener('visibilitychange', look)
  addEventListener('pageshow', look)
  addEventListener('online', () => listener.onWake())
  look()
}
