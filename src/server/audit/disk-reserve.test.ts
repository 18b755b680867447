import { describe, expect, it } from 'vitest'
import { watchDiskReserve } from './disk-reserve.ts'

const MIB = 1024 ** 2

function plant(frees: (number | Error)[]) {
  const clock = { now: 0 }
  const told: string[] = []
  let looks = 0
  const look = watchDiskReserve('/log', {
    bytes: 64 * MIB,
    now: () => clock.now,
    report: (text) => told.push(text),
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
    watchDiskReserve(import.meta.dirname, {
      bytes: Number.MAX_SAFE_INTEGER,
      now: () => 0,
      report: (text) => told.push(text),
    })()
    expect(told).toEqual([expect.stringMatching(/^only \d+\.\d MiB are free/)])
  })
})
