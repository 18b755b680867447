import { linkSync, lstatSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { randomBytes } from 'node:crypto'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { BALLAST_NAME, BALLAST_PIECE, ballastFile, createBallast } from './ballast.ts'

const work = mkdtempSync(join(tmpdir(), 'plenum-ballast-'))
afterAll(() => rmSync(work, { recursive: true, force: true }))

function plant(name: string) {
  const folder = join(work, name)
  mkdirSync(folder)
  return { folder, path: join(folder, BALLAST_NAME), file: ballastFile(folder, randomBytes) }
}

const grown = (ballast: ReturnType<typeof createBallast>): Promise<boolean> => ballast.grow(Number.MAX_SAFE_INTEGER)

describe('the file of a reserve', () => {
  it('takes its room, gives it up, and goes', async () => {
    const { path, file } = plant('whole')
    const ballast = createBallast(file, 3 * BALLAST_PIECE + 1)
    expect([ballast.held(), ballast.release()]).toEqual([0, false])
    expect(await grown(ballast)).toBe(true)
    expect(await grown(ballast)).toBe(false)
    const { size, mode } = lstatSync(path)
    expect([size, mode & 0o777, ballast.held()]).toEqual([3 * BALLAST_PIECE, 0o600, 3 * BALLAST_PIECE])
    expect([ballast.release(), ballast.held(), lstatSync(path).size]).toEqual([
      true,
      2 * BALLAST_PIECE,
      2 * BALLAST_PIECE,
    ])
    ballast.remove()
    expect(lstatSync(path, { throwIfNoEntry: false })).toBeUndefined()
  })

  it('goes on from what an earlier server left, and is cut where less is wanted now', async () => {
    const { file } = plant('kept')
    await grown(createBallast(file, 2 * BALLAST_PIECE))
    await grown(createBallast(file, 4 * BALLAST_PIECE))
    expect(file.size()).toBe(4 * BALLAST_PIECE)
    expect(await createBallast(file, BALLAST_PIECE).grow(0)).toBe(false)
    expect(file.size()).toBe(BALLAST_PIECE)
  })

  it('S13: leaves alone what is not its own', () => {
    const { folder, path, file } = plant('link')
    writeFileSync(join(folder, 'theirs'), 'theirs')
    symlinkSync(join(folder, 'theirs'), path)
    expect(() => createBallast(file, BALLAST_PIECE).release()).toThrow('is no file of this user')
    expect(() => file.truncate(0)).toThrow('ELOOP')
    expect(readFileSync(join(folder, 'theirs'), 'utf8')).toBe('theirs')
    const linked = plant('hard-link')
    linkSync(join(folder, 'theirs'), linked.path)
    expect(() => createBallast(linked.file, BALLAST_PIECE).release()).toThrow('is no file of this user')
    expect(() => createBallast(linked.file, BALLAST_PIECE).remove()).toThrow('is no file of this user')
    expect(readFileSync(join(folder, 'theirs'), 'utf8')).toBe('theirs')
  })

  it('stops growing when it is closed', async () => {
    const { file } = plant('closed')
    const ballast = createBallast(file, 50 * BALLAST_PIECE)
    const growing = grown(ballast)
    ballast.close()
    expect(await growing).toBe(false)
    expect(file.size()).toBeLessThan(3 * BALLAST_PIECE)
  })
})
