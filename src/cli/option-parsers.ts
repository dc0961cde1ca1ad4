// From the text of a flag or an environment variable to a checked value, or to what is wrong with it and what to give
// instead. Pure functions; it must not know which option a text is for.

import { NODE_NAME_CHARS_MAX, parseNodeName } from '../core/messages.ts'
import { normalizeUrl } from '../net/url.ts'
import { readAllowedOrigin } from '../net/web-origins.ts'
import { LIMITS } from '../wire/limits.ts'
import { isTag } from '../wire/topics.ts'

/** A checked value, or what is wrong with the text and what to give instead. */
export type Parsed<T> = { readonly value: T } | { readonly problem: string }

/** A whole number. `what`: what it is, for the problem. */
export const integer =
  (what: string, min: number, max: number) =>
  (text: string): Parsed<number> => {
    const value = /^\d{1,15}$/.test(text.trim()) ? Number(text) : Number.NaN
    if (value >= min && value <= max) return { value }
    return { problem: `"${text}" is not ${what}; give a whole number from ${min} to ${max}` }
  }

/** One of these words, in any case. @param others what other programs call some of them: they are taken, and not shown */
export const oneOf =
  <const T extends string>(choices: readonly T[], others: Readonly<Record<string, T>> = {}) =>
  (text: string): Parsed<T> => {
    const word = text.trim().toLowerCase()
    const value = Object.hasOwn(others, word) ? others[word] : choices.find((choice) => choice === word)
    return value === undefined ? { problem: `"${text}" is not one of ${choices.join(', ')}` } : { value }
  }

/** Yes or no, in words or as 1 or 0. */
export const switchText = (text: string): Parsed<boolean> => {
  const word = text.trim().toLowerCase()
  if (['1', 'true', 'yes', 'on'].includes(word)) return { value: true }
  if (['0', 'false', 'no', 'off'].includes(word)) return { value: false }
  return { problem: `"${text}" is neither true nor false` }
}

/** A URL that can be dialled. */
export const url = (text: string): Parsed<string> => {
  const normalized = normalizeUrl(text)
  return normalized.ok ? { value: text.trim() } : { problem: normalized.detail }
}

/** URLs separated by commas. */
export const urlList = (text: string): Parsed<readonly string[]> => {
  const value: string[] = []
  for (const part of text.split(',')) {
    if (part.trim() === '') continue
    const parsed = url(part)
    if ('problem' in parsed) return parsed
    value.push(parsed.value)
  }
  return { value }
}

/** Origins of web pages separated by commas, `null` and `*` among them. */
export const originList = (text: string): Parsed<readonly string[]> => {
  const value: string[] = []
  for (const part of text.split(',')) {
    if (part.trim() === '') continue
    const read = readAllowedOrigin(part)
    if (!read.ok) return { problem: read.detail }
    value.push(read.origin)
  }
  return { value }
}

/** Tags separated by commas, each once. */
export const tagList = (text: string): Parsed<readonly string[]> => {
  const value = text
    .split(',')
    .map((tag) => tag.trim())
    .filter((tag) => tag !== '')
  const wrong = value.find((tag) => !isTag(tag))
  if (wrong !== undefined) {
    return {
      problem: `"${wrong}" is not a tag; it is written as a node name is: letters, digits, "." "_" "-"`,
    }
  }
  const different = [...new Set(value)]
  // One is left for what the node says of itself.
  if (different.length < LIMITS.tagsMax) return { value: different }
  return { problem: `${different.length} tags are too many; give at most ${LIMITS.tagsMax - 1}` }
}

/** The name of a node. */
export const nodeName = (text: string): Parsed<string | undefined> => {
  const value = parseNodeName(text.trim())
  if (value !== undefined) return { value }
  return {
    problem:
      `"${text}" is not a node name; use letters, digits, "." "_" "-", ` +
      `a letter or digit first, at most ${NODE_NAME_CHARS_MAX} characters`,
  }
}

/** A number between 0 and 1, or a percentage. */
export const share = (text: string): Parsed<number | undefined> => {
  const [, digits, percent] = /^(\d*\.?\d+)\s*(%?)$/.exec(text.trim()) ?? []
  const value = Number(digits ?? Number.NaN) / (percent === '%' ? 100 : 1)
  if (value > 0 && value < 1) return { value }
  return { problem: `"${text}" is not a share; give a number between 0 and 1, or a percentage` }
}

/** Seconds from 0.01 to 3,600. */
export const seconds = (text: string): Parsed<number> => {
  const value = /^\d{1,5}(\.\d{1,3})?$/.test(text.trim()) ? Number(text) : Number.NaN
  if (value >= 0.01 && value <= 3_600) return { value }
  return { problem: `"${text}" is not an interval; give seconds from 0.01 to 3600` }
}

/** Any text. */
export const anyText = (text: string): Parsed<string | undefined> => ({ value: text })
