import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { VaultUsageError } from './errors.ts'
import { checkEncoded, encodeFolder, encodeName, encodePath } from './path.ts'

/** Text rich in what makes paths escape. */
const nasty = fc
  .array(
    fc.oneof(fc.constantFrom('/', '.', '..', '%', '%2e', '%2F', '?', '#', '\\', '\0', ' ', '\ud800', 'é'), fc.string()),
  )
  .map((parts) => parts.join(''))

function encodedOrRefused(text: string): string | undefined {
  try {
    return encodePath(text)
  } catch (error) {
    if (error instanceof VaultUsageError && error.code === 'vault-path') return undefined
    throw error
  }
}

describe('encodePath', () => {
  it('S8: never lets a path escape its prefix', () => {
    fc.assert(
      fc.property(nasty, (text) => {
        const encoded = encodedOrRefused(text)
        if (encoded === undefined) return
        const url = new URL(`http://vault/v1/secret/data/${encoded}`)
        expect(url.pathname).toBe(`/v1/secret/data/${encoded}`)
        expect(url.search + url.hash).toBe('')
        expect(decodeURIComponent(encoded)).toBe(text)
        const segments = encoded.split('/').map(decodeURIComponent)
        expect(segments).toEqual(text.split('/'))
        expect(segments).not.toContain('')
        expect(segments).not.toContain('.')
        expect(segments).not.toContain('..')
        expect(() => checkEncoded(encoded)).not.toThrow()
      }),
      { numRuns: 500 },
    )
  })

  it.each(['', '/', 'a/', '/a', 'a//b', '.', '..', 'a/./b', 'a/../b', '../a', 'a/..', 'a\ud800'])(
    'refuses %j',
    (path) => {
      expect(() => encodePath(path)).toThrow(VaultUsageError)
    },
  )

  it.each([
    ['airflow/connections/a b', 'airflow/connections/a%20b'],
    ['é/日本', '%C3%A9/%E6%97%A5%E6%9C%AC'],
    ['a%2e%2e/b', 'a%252e%252e/b'],
    ['...', '...'],
    ['a?b#c', 'a%3Fb%23c'],
  ])('%j becomes %j', (path, encoded) => {
    expect(encodePath(path)).toBe(encoded)
  })
})

describe('encodeFolder and encodeName', () => {
  it('a folder may end in one slash, a name may hold none', () => {
    expect(encodeFolder('team/hub/')).toBe('team/hub')
    expect(() => encodeFolder('team//')).toThrow(VaultUsageError)
    expect(() => encodeFolder('/')).toThrow(VaultUsageError)
    expect(encodeName('airflow read')).toBe('airflow%20read')
    expect(() => encodeName('a/b')).toThrow(VaultUsageError)
    expect(() => encodeName('..')).toThrow(VaultUsageError)
  })
})
