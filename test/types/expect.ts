// Assertions about types, for the other files here: a type error where they do not hold, and nothing at run time.

/** Whether two types are the same: not only assignable to each other, so that `any` is the same as nothing else. */
export type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false

/** Takes only `true`. */
export type Expect<T extends true> = T

/** Takes only values whose type is exactly `T`: `exactly<string>()(value)`. */
export declare function exactly<T>(): <const V>(
  value: V,
  ...same: Equal<V, T> extends true ? [] : [never]
) => void
