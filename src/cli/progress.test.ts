import { describe, expect, it } from 'vitest'
import { renderProgress, startProgress } from './progress.ts'

function record(isTTY: boolean) {
  const written: string[] = []
  let time = 0
  const stream = {
    isTTY,
    columns: 80,
    write: (text: string) => written.push(text) > 0,
  } as unknown as NodeJS.WriteStream
  const progress = startProgress({ label: 'apply', quiet: false, stream, now: () => time })
  return {
    written,
    progress,
    at: (ms: number) => {
      time = ms
      return progress
    },
  }
}

describe('progress', () => {
  it('shows share, rate and time left', () => {
    expect(renderProgress('apply', 50, 200, 10)).toBe('apply  [======------------------]  50/200  5/s  0:30 left')
  })

  it('gives room to its numbers on a narrow terminal', () => {
    expect(renderProgress('read Vault', 348, 3000, 0.5, 40)).toBe('read Vault  [----]  348/3000  696/s  0:04 left')
    const text = renderProgress('read Vault', 1500, 3000, 1, 59)
    expect([text.length, text]).toEqual([59, 'read Vault  [========-------]  1500/3000  1500/s  0:01 left'])
  })

  it('says nothing about short work', () => {
    const { written, at } = record(true)
    at(100).update(1, 10)
    at(400).update(9, 10)
    at(450).end()
    expect(written).toEqual([])
  })

  it('draws a bar over itself on a terminal and clears it', () => {
    const { written, at } = record(true)
    at(1000).update(1, 10)
    at(1010).update(2, 10)
    at(1200).update(3, 10)
    at(1300).end()
    expect(written).toHaveLength(3)
    expect(written.every((text) => text.startsWith('\r\u001b[2K'))).toBe(true)
  })

  it('prints whole lines, and few, elsewhere', () => {
    const { written, at } = record(false)
    for (let ms = 0; ms <= 12_000; ms += 100) at(ms).update(ms / 100, 120)
    at(12_000).end()
    expect(written.length).toBeGreaterThan(1)
    expect(written.length).toBeLessThan(5)
    expect(written.every((text) => /^apply .*\n$/.test(text) && !text.includes('\u001b'))).toBe(true)
  })
})
