/** How often others had their turn before something was done. */
export async function turnsDuring(work: () => Promise<unknown>): Promise<number> {
  let turns = 0
  let going = true
  const other = (): void => {
    if (!going) return
    turns += 1
    setImmediate(other)
  }
  setImmediate(other)
  try {
    await work()
  } finally {
    going = false
  }
  return turns
}
