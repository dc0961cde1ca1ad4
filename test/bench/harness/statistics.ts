// The few statistics that the figures need. Pure functions of lists of numbers; none of them changes its argument.
// It must not know what the numbers mean.

/** The value in the middle; of an even count the mean of the two. NaN of none. */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5)
}

/** The value below which this share of the values lies, linear between two of them. NaN of none. @param share 0 to 1 */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  const at = (sorted.length - 1) * share
  const [low, high] = [sorted[Math.floor(at)], sorted[Math.ceil(at)]]
  if (low === undefined || high === undefined) return Number.NaN
  // Of two that are equal, infinities included, there is nothing between.
  return low === high ? low : low + (high - low) * (at - Math.floor(at))
}

/** The smallest and the largest; NaN of none. */
export function rangeOf(values: readonly number[]): { readonly min: number; readonly max: number } {
  if (values.length === 0) return { min: Number.NaN, max: Number.NaN }
  return { min: Math.min(...values), max: Math.max(...values) }
}

/** A straight line through points. */
export interface Line {
  readonly slope: number
  /** Value at x = 0. */
  readonly start: number
  /** Standard error of the slope, for points whose errors are independent of each other. */
  readonly slopeError: number
}

/**
 * The line of least squares.
 * @throws RangeError with fewer than three points, or when all have one x: there is no error of the slope then
 */
export function fitLine(points: readonly (readonly [x: number, y: number])[]): Line {
  const count = points.length
  if (count < 3) throw new RangeError(`a line with its error takes at least 3 points, got ${count}`)
  const meanX = points.reduce((sum, [x]) => sum + x, 0) / count
  const meanY = points.reduce((sum, [, y]) => sum + y, 0) / count
  const squaresX = points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0)
  if (squaresX === 0) throw new RangeError('a line takes points at different places, all have the same x')
  const slope = points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0) / squaresX
  const start = meanY - slope * meanX
  const squaresLeft = points.reduce((sum, [x, y]) => sum + (y - start - slope * x) ** 2, 0)
  return { slope, start, slopeError: Math.sqrt(squaresLeft / (count - 2) / squaresX) }
}
