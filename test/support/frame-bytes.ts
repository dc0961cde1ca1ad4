// Frames by hand, byte by byte: for those that the encoder would never write.

/** An unsigned big-endian number of `size` bytes. */
export function uint(value: number, size: number): number[] {
  const bytes: number[] = []
  let rest = value
  for (let i = 0; i < size; i++) {
    bytes.unshift(rest % 256)
    rest = Math.floor(rest / 256)
  }
  return bytes
}

/** UTF-8 without a length. */
export function utf8(text: string): number[] {
  return [...new TextEncoder().encode(text)]
}

/** A string with a length byte, whether or not it is a name. */
export function shortString(text: string): number[] {
  return [text.length & 0xff, ...utf8(text)]
}

/** A frame of this type with flags 0, hopsLeft 15 and hops 1. */
export function frameOf(type: number, ...fields: (readonly number[])[]): Uint8Array {
  return new Uint8Array([type, 0, 15, 1, ...fields.flat()])
}

/** The fields that all routed frames have in front: from "a" (incarnation 2) to "b" (incarnation 1). */
export const ROUTED_FIELDS: readonly number[] = [
  ...shortString('b'),
  ...shortString('a'),
  ...uint(1, 6),
  ...uint(2, 6),
]
