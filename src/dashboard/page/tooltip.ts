// The few words beside the pointer. Text only.

import type { Under } from './pointer.ts'
import { bytesText, durationText, rateText } from './wording.ts'

/** Shows what is under the pointer, or hides itself. */
export function showTooltip(element: HTMLElement, under: Under, [xPx, yPx]: readonly [number, number]): void {
  const text = tooltipText(under)
  element.hidden = text === undefined
  if (text === undefined) return
  if (element.textContent !== text) element.textContent = text
  const room = element.parentElement
  const [width, height] = [element.offsetWidth, element.offsetHeight]
  const isRight = xPx + 16 + width > (room?.clientWidth ?? 0)
  const isLow = yPx + 16 + height > (room?.clientHeight ?? 0)
  element.style.left = `${Math.max(4, isRight ? xPx - width - 10 : xPx + 14)}px`
  element.style.top = `${Math.max(4, isLow ? yPx - height - 10 : yPx + 14)}px`
}

function tooltipText({ node, link }: Under): string | undefined {
  if (node !== undefined) {
    const { seen, links, isSelf } = node
    const kind = seen.kind === 'http' ? 'plain HTTP peer' : `${links.length} links`
    const tags = seen.tags === undefined || seen.tags.length === 0 ? '' : `\n${seen.tags.join(', ')}`
    return `${seen.name}\n${seen.state}${isSelf ? ', watched' : ''}, ${kind}${tags}`
  }
  if (link === undefined) return undefined
  const rtt = link.rttMs === undefined ? 'RTT not measured' : `RTT ${durationText(link.rttMs)}`
  const figures = link.isReported ? `${rtt}, ${rateText(link.messagesPerS)} msgs/s` : 'no fresh report'
  const lines = [`${link.source.id} – ${link.target.id}`, figures]
  if (link.queuedAtSourceBytes > 0)
    lines.push(`${bytesText(link.queuedAtSourceBytes)} wait at ${link.source.id}`)
  if (link.queuedAtTargetBytes > 0)
    lines.push(`${bytesText(link.queuedAtTargetBytes)} wait at ${link.target.id}`)
  return lines.join('\n')
}
