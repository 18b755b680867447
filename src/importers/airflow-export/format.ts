/**
 * Which of the three formats a file has. The content decides: `--file-format` writes any of them under any name, and
 * `airflow variables export` writes JSON into all.
 */
import type { ExportFormat } from './entry.ts'

const LINE = /^[^\s=:'"]+=/

/** By the first line that says something, then by the ending of the name. */
export function formatOf(shown: string, text: string): ExportFormat {
  const ending = /\.([^./\\]*)$/.exec(shown)?.[1]?.toLowerCase()
  if (/^\s*[[{]/.test(text)) return 'json'
  if (ending === 'yaml' || ending === 'yml') return 'yaml'
  const first = text.split(/\r\n|[\r\n]/).find((line) => line.trim() !== '' && !/^\s*#/.test(line))
  if (ending === 'env' || (first !== undefined && LINE.test(first))) return 'env'
  return ending === 'json' ? 'json' : 'yaml'
}
