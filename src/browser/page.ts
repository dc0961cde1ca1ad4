// What a page tells of itself: that it is looked at, thawed or online again, and that it goes, for good or into the
// browser's back/forward cache. In a worker, which has no document, fewer of these events exist, and none of its end.
// It must not know what follows from them.

/** As much of a window, a document or a worker as is used here. */
interface Place {
  addEventListener(type: string, listener: (event: PageEvent) => void): void
  removeEventListener(type: string, listener: (event: PageEvent) => void): void
}

interface PageEvent {
  /** Of `pagehide`: whether the page may come back from the cache of pages; of `pageshow`: whether it has. */
  readonly persisted?: boolean
}

interface Surroundings extends Partial<Place> {
  readonly document?: Place & { readonly visibilityState: string }
}

/** What is told. */
export interface PageHandlers {
  /** Timers that are late can be caught up, and what could not be reached may be there again. */
  readonly onAwake: () => void
  /** The page goes into the cache, where it stands still, and may come back; or it is thrown away there, without a word. */
  readonly onAway: () => void
  /** It is back from the cache. */
  readonly onBack: () => void
  /** The page goes, and does not come back: this is its last turn. */
  readonly onGone: () => void
}

/** Tells what happens to the page from now on; the function returned ends that. */
export function watchPage({ onAwake, onAway, onBack, onGone }: PageHandlers): () => void {
  const place = globalThis as unknown as Surroundings
  const { document } = place
  const onVisibility = (): void => {
    if (document?.visibilityState === 'visible') onAwake()
  }
  const onHide = ({ persisted }: PageEvent): void => (persisted ? onAway() : onGone())
  const onShow = ({ persisted }: PageEvent): void => (persisted ? onBack() : onAwake())
  const listeners = [
    [document, 'visibilitychange', onVisibility],
    [document, 'resume', onAwake],
    [place, 'online', onAwake],
    [place, 'pageshow', onShow],
    [place, 'pagehide', onHide],
  ] as const
  for (const [target, type, listener] of listeners) target?.addEventListener?.(type, listener)
  return () => {
    for (const [target, type, listener] of listeners) target?.removeEventListener?.(type, listener)
  }
}
