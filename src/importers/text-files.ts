/**
 * Files as the sources read them: bytes in, text with what was wrong in it out. Whoever calls brings the disk.
 */

export interface TextFile {
  /** As the caller named it: `.env`, `../hub/docker-compose.yml`. */
  readonly shown: string
  /** Absolute. */
  readonly path: string
  readonly bytes: Buffer
}

export interface TextFiles {
  /** `from`: the folder that a relative path begins at. Undefined when it cannot be read. */
  read(path: string, from?: string): TextFile | undefined
}

export interface DecodedText {
  /** Without a byte order mark; bad lines are empty, so that line numbers stay true. */
  readonly text: string
  /** Numbers of lines (from 1) that are not UTF-8. */
  readonly badLines: readonly number[]
}

const NEWLINE = 0x0a

export function decodeText({ bytes }: TextFile): DecodedText {
  const whole = decode(bytes)
  if (whole !== undefined) return { text: whole, badLines: [] }
  const badLines: number[] = []
  const lines = linesOf(bytes).map((line, index) => {
    const text = decode(line)
    if (text === undefined) badLines.push(index + 1)
    return text ?? ''
  })
  return { text: lines.join('\n'), badLines }
}

function decode(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (error) {
    if (error instanceof TypeError) return undefined
    throw error
  }
}

function linesOf(bytes: Buffer): Uint8Array[] {
  const lines: Uint8Array[] = []
  let start = 0
  for (let at = bytes.indexOf(NEWLINE); at !== -1; at = bytes.indexOf(NEWLINE, start)) {
    lines.push(bytes.subarray(start, at))
    start = at + 1
  }
  return [...lines, bytes.subarray(start)]
}
