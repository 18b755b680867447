/** Edits of a file in the look of a unified diff, without context and without values. Pure. */
import type { TextEdit } from './text-edit.ts'

/** `text`: the file before. Values are shown as `…`; lines around the edits are not shown at all. */
export function hiddenDiff(shown: string, text: string, edits: readonly TextEdit[]): string {
  const lines = [`--- ${shown}`, `+++ ${shown}`]
  let drift = 0
  for (const { start, minus, plus, text: put } of [...edits].sort((a, b) => a.start - b.start || a.end - b.end)) {
    if (minus.length === 0 && plus.length === 0) continue
    const line = text.slice(0, start).split('\n').length
    lines.push(`@@ -${range(line, minus.length)} +${range(line + drift, plus.length)} @@`)
    lines.push(...minus.map((one) => `-${one}`), ...plus.map((one) => `+${one}`))
    drift += put === '' && plus.length === 0 ? -minus.length : plus.length - minus.length
  }
  return lines.join('\n')
}

function range(line: number, count: number): string {
  return count === 1 ? String(line) : `${count === 0 ? line - 1 : line},${count}`
}
