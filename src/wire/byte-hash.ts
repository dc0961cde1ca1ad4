// A hash of bytes for the caches of this room: quick, and good enough where what is found is compared byte by byte.

/** A signed 32-bit number for the bytes from `start` to `end`. */
export function hashOf(bytes: Uint8Array, start: number, end: number): number {
  let hash = end - start
  for (let i = start; i < end; i++) hash = (Math.imul(hash, 31) + (bytes[i] as number)) | 0
  return hash
}
