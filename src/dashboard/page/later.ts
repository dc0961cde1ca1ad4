// Does something soon, but not more often than needed: however many lines come, a list is filled a few times a second.

/** A function that runs `action` within `ms` of its first call, once for all calls until then. */
export function later(ms: number, action: () => void): () => void {
  let isWaiting = false
  return () => {
    if (isWaiting) return
    isWaiting = true
    setTimeout(() => {
      isWaiting = false
      action()
    }, ms)
  }
}
