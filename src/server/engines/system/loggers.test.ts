import { describe, expect, it } from 'vitest'
import { type JsonObject, LogicalError, type LogicalRequest, type Operation, router } from '../../logical/index.ts'
import { type LoggerLevel, loggerRoutes } from './loggers.ts'

function plant() {
  const levels: Record<string, LoggerLevel> = { core: 'info', audit: 'info' }
  const handle = router(
    loggerRoutes({
      levels: () => levels,
      setLevel(level = 'info', part) {
        for (const one of part === undefined ? Object.keys(levels) : [part]) levels[one] = level
      },
    }),
  )
  return async (operation: Operation, path: string, data: JsonObject = {}): Promise<unknown> => {
    try {
      const answer = await handle({ operation, path, data } as LogicalRequest)
      return answer.kind === 'data' ? answer.data : answer.kind
    } catch (error) {
      if (error instanceof LogicalError) return `${error.status} ${error.clientText}`
      throw error
    }
  }
}

describe('sys/loggers', () => {
  it('shows and sets all parts, and gives them back what they had', async () => {
    const ask = plant()
    expect(await ask('read', 'loggers')).toEqual({ core: 'info', audit: 'info' })
    expect(await ask('update', 'loggers', { level: 'Warning' })).toBe('none')
    expect(await ask('read', 'loggers/')).toEqual({ core: 'warn', audit: 'warn' })
    expect(await ask('delete', 'loggers')).toBe('none')
    expect(await ask('read', 'loggers')).toEqual({ core: 'info', audit: 'info' })
  })

  it('shows and sets one part', async () => {
    const ask = plant()
    expect(await ask('update', 'loggers/audit', { level: 'trace' })).toBe('none')
    expect(await ask('read', 'loggers')).toEqual({ core: 'info', audit: 'trace' })
    expect(await ask('read', 'loggers/audit')).toEqual({ audit: 'trace' })
    expect(await ask('delete', 'loggers/audit')).toBe('none')
    expect(await ask('read', 'loggers/audit')).toEqual({ audit: 'info' })
  })

  it('S10, S55: refuses what it does not know, without its value; names of a prototype are no parts', async () => {
    const ask = plant()
    expect(await ask('update', 'loggers')).toBe('400 level is required')
    expect(await ask('update', 'loggers', { level: '' })).toBe('400 level is empty')
    expect(await ask('update', 'loggers/core', { level: 'planted' })).toBe('400 invalid level provided')
    for (const name of ['none', '__proto__', 'constructor']) {
      expect(await ask('read', `loggers/${name}`)).toEqual({})
      for (const operation of ['update', 'delete'] as const)
        expect(await ask(operation, `loggers/${name}`, { level: 'warn' })).toBe(`400 logger "${name}" not found`)
    }
    expect(await ask('read', 'loggers')).toEqual({ core: 'info', audit: 'info' })
  })
})
