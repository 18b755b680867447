/**
 * A Dockerfile's instructions, each with its lines: continued lines joined, comments and heredocs left out. Pure.
 */

export interface Instruction {
  /** In capitals; of `ONBUILD ENV` it is `ENV`. */
  readonly keyword: string
  /** On one line. */
  readonly rest: string
  readonly line: number
  readonly column: number
  readonly lastLine: number
}

export interface DockerLines {
  /** A backslash, unless a directive says otherwise. */
  readonly escape: string
  readonly instructions: readonly Instruction[]
}

const HEREDOC = /(?<!<)<<(?<dash>-?)(?<quote>['"]?)(?<end>[A-Za-z_]\w*)\k<quote>/g
const WITH_HEREDOCS: ReadonlySet<string> = new Set(['RUN', 'COPY', 'ADD'])

export function instructionsOf(text: string): DockerLines {
  const lines = text.replace(/\r?\n$/, '').split(/\r\n|\n/)
  const escape = escapeOf(lines)
  const stripped = lines.map((line) => line.replace(/^\t+/, ''))
  const heredocs: Heredocs = {
    exact: { lines, ends: endsIn(lines) },
    untabbed: { lines: stripped, ends: endsIn(stripped) },
  }
  const instructions: Instruction[] = []
  for (let at = 0; at < lines.length; ) {
    const start = at
    const { joined, next } = joinedFrom(lines, start, escape)
    at = next
    const [, keyword, rest = ''] = /^\s*(?:ONBUILD\s+)?([A-Za-z]+)\s*([^]*)$/i.exec(joined) ?? []
    if (keyword === undefined || isComment(joined)) continue
    const instruction = {
      keyword: keyword.toUpperCase(),
      rest: rest.trim(),
      line: start + 1,
      column: joined.search(/\S/) + 1,
    }
    instructions.push({ ...instruction, lastLine: next })
    if (WITH_HEREDOCS.has(instruction.keyword)) at = behindHeredocs(heredocs, at, rest)
  }
  return { escape, instructions }
}

/** Only at the top, before anything else. */
function escapeOf(lines: readonly string[]): string {
  for (const line of lines) {
    const [, name, value] = /^\s*#\s*([A-Za-z]+)\s*=\s*(.*?)\s*$/.exec(line) ?? []
    if (name === undefined) return '\\'
    if (name.toLowerCase() === 'escape') return value === '`' ? '`' : '\\'
  }
  return '\\'
}

function joinedFrom(
  lines: readonly string[],
  start: number,
  escape: string,
): { readonly joined: string; readonly next: number } {
  const [first = ''] = lines.slice(start, start + 1)
  if (isComment(first)) return { joined: first, next: start + 1 }
  const parts: string[] = []
  for (let at = start; ; at += 1) {
    const line = lines[at]
    if (line === undefined) return { joined: parts.join(''), next: at }
    // Between continued lines comments and empty lines do not count.
    if (at > start && (line.trim() === '' || isComment(line))) continue
    const bare = line.replace(/[ \t]+$/, '')
    // Two of them are an escaped one.
    const isContinued = bare.endsWith(escape) && !bare.endsWith(`${escape}${escape}`)
    if (!isContinued) return { joined: [...parts, line].join(''), next: at + 1 }
    parts.push(bare.slice(0, -1))
  }
}

function isComment(line: string): boolean {
  return line.trimStart().startsWith('#')
}

interface Heredocs {
  readonly exact: { readonly lines: readonly string[]; readonly ends: Ends }
  /** For `<<-`. */
  readonly untabbed: { readonly lines: readonly string[]; readonly ends: Ends }
}

type Ends = ReadonlyMap<string, number>

/** The last place of every line. */
function endsIn(lines: readonly string[]): Ends {
  return new Map(lines.map((line, index) => [line, index]))
}

/** What has no end is none, such as `<<` in a calculation; it is not looked for, which keeps the work linear. */
function behindHeredocs({ exact, untabbed }: Heredocs, start: number, rest: string): number {
  let at = start
  for (const { groups } of rest.matchAll(HEREDOC)) {
    const end = groups?.['end'] ?? ''
    const { lines, ends } = groups?.['dash'] === '-' ? untabbed : exact
    if ((ends.get(end) ?? -1) >= at) at = lines.indexOf(end, at) + 1
  }
  return at
}
