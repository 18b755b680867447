import { describe, expect, it } from 'vitest'
import { BALLAST_PIECE, type BallastFile, createBallast } from './ballast.ts'
import { createDiskReserve, createDiskReserves, type Notice } from './disk-reserve.ts'

const MIB = 1024 ** 2

function plant(frees: (number | Error)[]) {
  const clock = { now: 0 }
  const told: string[] = []
  let looks = 0
  const { look } = createDiskReserve('/log', {
    bytes: 64 * MIB,
    now: () => clock.now,
    report: ({ text }) => told.push(text),
    free: () => {
      const free = frees[Math.min(looks, frees.length - 1)] ?? 0
      looks += 1
      if (free instanceof Error) throw free
      return free
    },
  })
  return { clock, told, look, looks: () => looks }
}

describe('the disk reserve', () => {
  it('tells once when the room falls below it, and once when it is back', () => {
    const { clock, told, look } = plant([64, 63, 10, 64, 65, 1].map((mebibytes) => mebibytes * MIB))
    for (; clock.now < 6000; clock.now += 1000) look()
    expect(told).toEqual([
      'only 63.0 MiB are free on the disk of the audit logs in /log: make room, a full disk refuses every request',
      '64.0 MiB are free on the disk of the audit logs in /log again',
      'only 1.0 MiB are free on the disk of the audit logs in /log: make room, a full disk refuses every request',
    ])
  })

  it('looks at most once a second, and goes on when the clock is set back', () => {
    const { clock, look, looks } = plant([100 * MIB])
    for (const time of [5000, 5001, 5999, 6000, 1000, 1001]) {
      clock.now = time
      look()
    }
    expect(looks()).toBe(3)
  })

  it('says that it cannot tell, and does not throw', () => {
    const { clock, told, look } = plant([new Error('ENOSYS'), new Error('ENOSYS'), 100 * MIB])
    for (; clock.now < 3000; clock.now += 1000) look()
    expect(told).toEqual([
      'cannot tell how much room the audit logs in /log have: ENOSYS',
      '100.0 MiB are free on the disk of the audit logs in /log again',
    ])
  })

  it('asks the system when not told otherwise', () => {
    const told: string[] = []
    createDiskReserve(import.meta.dirname, {
      bytes: Number.MAX_SAFE_INTEGER,
      now: () => 0,
      report: ({ text }) => told.push(text),
    }).look()
    expect(told).toEqual([expect.stringMatching(/^only \d+\.\d MiB are free/)])
  })
})

/** A disk of so many pieces, on which a log, a reserve and somebody else take room. */
function disk(pieces: number, reserved: number) {
  const clock = { now: 0 }
  const told: Notice[] = []
  let others = 0
  let log = 0
  let size = 0
  let there = false
  const free = (): number => pieces * BALLAST_PIECE - others - log - size
  const noRoom = (): Error => Object.assign(new Error('no space left on device'), { code: 'ENOSPC' })
  const file: BallastFile = {
    size: () => size,
    append(bytes) {
      if (bytes > free()) return Promise.reject(noRoom())
      size += bytes
      there = true
      return Promise.resolve()
    },
    flush: () => Promise.resolve(),
    truncate(to) {
      size = to
    },
    remove() {
      size = 0
      there = false
    },
  }
  const reserve = createDiskReserve('/log', {
    bytes: reserved * BALLAST_PIECE,
    now: () => clock.now,
    report: (notice) => told.push(notice),
    free,
    hold: (_, bytes) => createBallast(file, bytes),
  })
  return {
    told,
    file,
    reserve,
    there: () => there,
    texts: () => told.splice(0).map(({ severity, text }) => `${severity}: ${text}`),
    fill: () => {
      others += free()
    },
    empty: () => {
      others = 0
    },
    write(bytes: number) {
      reserve.giveWay(() => {
        if (bytes > free()) throw noRoom()
        log += bytes
      })
    },
    /** A second passes, and what was begun is done. */
    async look() {
      clock.now += 1000
      reserve.look()
      for (let turn = 0; turn < 200; turn += 1) await Promise.resolve()
    },
  }
}

describe('a reserve that is held', () => {
  it('is taken while there is room, and given up piece by piece on a full disk', async () => {
    const { reserve, look, fill, write, texts, file } = disk(40, 8)
    await look()
    expect(reserve.room()).toEqual({
      free: 32 * BALLAST_PIECE,
      reserve: 8 * BALLAST_PIECE,
      held: 8 * BALLAST_PIECE,
    })
    fill()
    write(10)
    expect(file.size()).toBe(7 * BALLAST_PIECE)
    write(10)
    // The first piece is not used up yet.
    expect(file.size()).toBe(7 * BALLAST_PIECE)
    expect(texts()).toEqual([expect.stringMatching(/^error: the disk .* is full: .* of which 1\.8 MiB are left/)])
    write(3 * BALLAST_PIECE)
    expect(file.size()).toBe(4 * BALLAST_PIECE)
    expect(texts()).toEqual([])
  })

  it('is not given to whoever else fills the disk meanwhile, and refuses when it is spent', async () => {
    const { look, fill, write, file } = disk(40, 8)
    await look()
    for (let round = 1; round <= 8; round += 1) {
      fill()
      write(100)
      expect(file.size()).toBe((8 - round) * BALLAST_PIECE)
    }
    fill()
    expect(() => write(100)).toThrow('no space left on device')
  })

  it('is taken again once there is room for it and as much again, which is told', async () => {
    const { look, fill, empty, write, texts, file } = disk(40, 8)
    await look()
    fill()
    write(100)
    await look()
    expect(texts()).toEqual([
      expect.stringContaining('is full'),
      expect.stringMatching(/^warn: only 0\.2 MiB are free/),
    ])
    empty()
    await look()
    expect(file.size()).toBe(8 * BALLAST_PIECE)
    expect(texts()).toEqual([expect.stringContaining('again'), expect.stringMatching(/^info: .*is held again$/)])
  })

  it('is not taken where that would make the shortage', async () => {
    const { look, there, texts } = disk(15, 8)
    await look()
    expect([there(), texts()]).toEqual([false, []])
  })

  it('says what stands in its way, and goes on without it', async () => {
    const told: string[] = []
    const reserve = createDiskReserve('/log', {
      bytes: 8 * BALLAST_PIECE,
      now: () => 0,
      report: ({ severity, text }) => told.push(`${severity}: ${text}`),
      free: () => 100 * BALLAST_PIECE,
      hold: (_, bytes) =>
        createBallast(
          {
            size: () => 0,
            append: () => Promise.reject(new Error('EACCES')),
            flush: () => Promise.resolve(),
            truncate: () => undefined,
            remove: () => undefined,
          },
          bytes,
        ),
    })
    reserve.look()
    await new Promise(setImmediate)
    expect(told).toEqual(['error: the reserve for the audit logs in /log cannot be held: EACCES'])
    expect(() =>
      reserve.giveWay(() => {
        throw Object.assign(new Error('full'), { code: 'ENOSPC' })
      }),
    ).toThrow('full')
  })

  it('throws what is no want of room at once', () => {
    const { reserve } = disk(40, 8)
    let tries = 0
    expect(() =>
      reserve.giveWay(() => {
        tries += 1
        throw Object.assign(new Error('EIO'), { code: 'EIO' })
      }),
    ).toThrow('EIO')
    expect(tries).toBe(1)
  })
})

it('one reserve for all logs of a folder, removed with the last of them', () => {
  const removed: string[] = []
  const reserves = createDiskReserves({
    bytes: 1,
    now: () => 0,
    report: () => undefined,
    hold: (folder) => ({
      held: () => 0,
      release: () => false,
      grow: () => Promise.resolve(false),
      close: () => undefined,
      remove: () => removed.push(folder),
    }),
  })
  expect(reserves.of('/a')).toBe(reserves.of('/a'))
  expect(reserves.of('/b')).not.toBe(reserves.of('/a'))
  reserves.keepOnly(new Set(['/b']))
  expect(removed).toEqual(['/a'])
})
