/** "Did you mean": the known word nearest to a misspelt one. */

/** Undefined when none is near enough to be meant. */
export function nearestWord(word: string, known: Iterable<string>): string | undefined {
  const wanted = plain(word)
  // One slip in a short word, one more for every four letters.
  let best = 1 + Math.floor(wanted.length / 4)
  let found: string | undefined
  for (const candidate of known) {
    const distance = editDistance(wanted, plain(candidate), best)
    if (distance < best || (distance === best && found === undefined)) {
      best = distance
      found = candidate
    }
  }
  return found
}

function plain(word: string): string {
  return word.toLowerCase().replaceAll('-', '_')
}

/** Insertions, deletions, replacements and swaps of neighbours. Anything beyond `limit` is `limit + 1`. */
function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) > limit) return limit + 1
  let beforeLast: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, column) => column)
  for (let row = 1; row <= a.length; row += 1) {
    const current = [row]
    for (let column = 1; column <= b.length; column += 1) {
      const same = a[row - 1] === b[column - 1]
      const change = Math.min(
        at(current, column - 1) + 1,
        at(last, column) + 1,
        at(last, column - 1) + (same ? 0 : 1),
        a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1] ? at(beforeLast, column - 2) + 1 : limit + 1,
      )
      current.push(change)
    }
    beforeLast = last
    last = current
  }
  return Math.min(at(last, b.length), limit + 1)
}

function at(row: readonly number[], column: number): number {
  return row[column] ?? Number.POSITIVE_INFINITY
}
