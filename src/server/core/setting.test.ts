import { describe, expect, it } from 'vitest'
import { createMemoryStorage } from '../storage/index.ts'
import { openSetting } from './setting.ts'

describe('a setting', () => {
  it('is there again after a restart, and changes take turns', async () => {
    const storage = createMemoryStorage()
    const setting = openSetting<readonly string[]>(storage, 'k', [])
    await Promise.all(['a', 'b', 'c'].map((one) => setting.change((now) => [...now, one])))
    expect(setting.get()).toEqual(['a', 'b', 'c'])
    expect(openSetting<readonly string[]>(storage, 'k', []).get()).toEqual(['a', 'b', 'c'])
  })

  it('stays as it was when it cannot be stored', async () => {
    const storage = createMemoryStorage()
    const setting = openSetting(
      { ...storage, get: (key) => storage.get(key), commit: () => Promise.reject(new Error('the disk is full')) },
      'k',
      1,
    )
    await expect(setting.change(() => 2)).rejects.toThrow('the disk is full')
    expect(setting.get()).toBe(1)
  })
})
