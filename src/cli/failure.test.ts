import { describe, expect, it } from 'vitest'
import { VaultError } from '../vault/index.ts'
import { CommandError, describeFailure, ProblemsError } from './failure.ts'

class CodedError extends Error {
  readonly code: string
  constructor(code: string, message: string) {
    super(message)
    this.code = code
  }
}

describe('a failure', () => {
  it('of a command keeps its hint and its status', () => {
    const failure = describeFailure(new CommandError('a-b', 'no', { hint: 'do that', status: 2 }))
    expect(failure).toEqual({ problems: [{ code: 'a-b', message: 'no', hint: 'do that' }], status: 2 })
  })

  it('of a folder below gets the hint of its code', () => {
    const call = { method: 'GET', path: 'sys/mounts', address: 'http://127.0.0.1:8200' } as const
    const [problem] = describeFailure(
      new VaultError('vault-sealed', 'GET sys/mounts: 503 Vault is sealed', call),
    ).problems
    expect(problem?.hint).toContain('plenum up')
  })

  it('brings its own hint before that of its code', () => {
    const error = Object.assign(new CodedError('store-full', 'the disk is full'), { hint: 'buy another' })
    expect(describeFailure(error).problems[0]?.hint).toBe('buy another')
  })

  it('of many problems tells them all', () => {
    const problems = ['a', 'b'].map((message) => ({ code: 'hub-x', message, hint: undefined }))
    expect(describeFailure(new ProblemsError(problems))).toEqual({ problems, status: 1 })
  })

  it('of the operating system is not called a bug', () => {
    const error = Object.assign(new CodedError('EACCES', "EACCES: permission denied, open '/x'"), { syscall: 'open' })
    const [problem] = describeFailure(error).problems
    expect(problem?.message).toBe("EACCES: permission denied, open '/x'")
    expect(problem?.hint).toContain('permissions')
  })

  it.each([new TypeError('x is not a function'), new CodedError('ERR_INVALID_ARG_TYPE', 'bad'), 'thrown text'])(
    'without a code of ours is a bug and says so',
    (error) => {
      const [problem] = describeFailure(error).problems
      expect(problem?.message).toMatch(/^internal error: /)
      expect(problem?.hint).toContain('--debug')
    },
  )
})
