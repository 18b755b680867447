import { describe, expect, it } from 'vitest'
import { createFailures, type FailureOptions } from './failures.ts'

const read = { method: 'GET', path: 'secret/data/a/b' } as const

describe('failures on purpose', () => {
  it('take as many requests as they were told to, the first one first', async () => {
    const { add, source } = createFailures()
    const two = add({ path: 'secret/*', status: 503, times: 2 })
    const one = add({ breaks: true })
    const taken = [await source(read), await source(read), await source(read), await source(read)]
    const body = '{"errors":[]}\n'
    const answer = { kind: 'answer', reply: { status: 503, body } }
    expect(taken).toEqual([answer, answer, { kind: 'break' }, undefined])
    expect([two.hits, one.hits]).toEqual([2, 1])
  })

  it('fit by path and method', async () => {
    const { add, source } = createFailures()
    const failure = add({
      path: '/v1/secret/metadata/a/',
      method: 'list',
      status: 500,
      times: Number.POSITIVE_INFINITY,
    })
    expect(source({ method: 'GET', path: 'secret/metadata/a' })).toBeUndefined()
    expect(source({ method: 'LIST', path: 'secret/metadata/ab' })).toBeUndefined()
    expect(await source({ method: 'LIST', path: 'secret/metadata/a' })).toMatchObject({ kind: 'answer' })
    expect(await source({ method: 'LIST', path: 'secret/metadata/a/' })).toMatchObject({ kind: 'answer' })
    failure.end()
    expect(source({ method: 'LIST', path: 'secret/metadata/a' })).toBeUndefined()
    expect(failure.hits).toBe(2)
  })

  it('let go of who waits when the server closes', async () => {
    const { add, source, close } = createFailures()
    add({ delayMs: 1_000_000 })
    const waiting = source(read)
    close()
    expect(await waiting).toBeUndefined()
  })

  it.each([
    { status: 200 },
    { status: 503.5 },
    { status: 503, times: 0 },
    { status: 503, times: 1.5 },
    { delayMs: 0 },
    { delayMs: -1 },
    { breaks: true, status: 503 } as unknown as FailureOptions,
    { path: 'x' } as unknown as FailureOptions,
  ])('refuse %j', (options) => {
    expect(() => createFailures().add(options)).toThrow(expect.objectContaining({ code: 'testing-failure' }))
  })
})
