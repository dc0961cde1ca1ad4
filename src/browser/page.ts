// What a page tells of itself: that it is looked at, thawed or online again, and that it goes for good. In a worker, which
// has no document, fewer of these events exist. It must not know what follows from them.

/** As much of a window, a document or a worker as is used here. */
interface Place {
  addEventListener(type: string, listener: (event: PageEvent) => void): void
  removeEventListener(type: string, listener: (event: PageEvent) => void): void
}

interface PageEvent {
  /** Of `pagehide`: whether the page may come back from the cache of pages. */
  readonly persisted?: boolean
}

interface Surroundings extends Partial<Place> {
  readonly document?: Place & { readonly visibilityState: string }
}

/** What is told. */
export interface PageHandlers {
  /** Timers that are late can be caught up, and what could not be reached may be there again. */
  readonly onAwake: () => void
  /** The page goes, and does not come back: this is its last turn. */
  readonly onGone: () => void
}

/** Tells what happens to the page from now on; the function returned ends that. */
export function watchPage({ onAwake, onGone }: PageHandlers): () => void {
  const place = globalThis as unknown as Surroundings
  const { document } = place
  const onVisibility = (): void => {
    if (document?.visibilityState === 'visible') onAwake()
  }
  const onHide = ({ persisted }: PageEvent): void => {
    if (!persisted) onGone()
  }
  const listeners = [
    [document, 'visibilitychange', onVisibility],
    [document, 'resume', onAwake],
    [place, 'online', onAwake],
    [place, 'pageshow', onAwake],
    [place, 'pagehide', onHide],
  ] as const
  for (const [target, type, listener] of listeners) target?.addEventListener?.(type, listener)
  return () => {
    for (const [target, type, listener] of listeners) target?.removeEventListener?.(type, listener)
  }
}
