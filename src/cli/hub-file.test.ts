import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { findHub, shown } from './hub-file.ts'

let root: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'plenum-hub-'))
  mkdirSync(join(root, 'hub/dags/deep'), { recursive: true })
  writeFileSync(join(root, 'hub/plenum.yaml'), 'version: 1\n')
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

describe('the hub', () => {
  it.each(['hub', 'hub/dags', 'hub/dags/deep'])('is found upwards from %s', (from) => {
    expect(findHub(undefined, join(root, from))).toEqual({
      folder: join(root, 'hub'),
      file: join(root, 'hub/plenum.yaml'),
    })
  })

  it.each(['hub', 'hub/', 'hub/plenum.yaml'])('is the one that --hub %s names', (given) => {
    expect(findHub(given, root).folder).toBe(join(root, 'hub'))
  })

  it('is not searched upwards when it was named', () => {
    expect(() => findHub('hub/dags', root)).toThrow(`no plenum.yaml in ${join(root, 'hub/dags')}`)
  })

  it('that is not there says how to begin one', () => {
    let thrown: unknown
    try {
      findHub(undefined, root)
    } catch (error) {
      thrown = error
    }
    expect(thrown).toMatchObject({ code: 'hub-not-found', hint: expect.stringContaining('version: 1') })
  })
})

it('paths are shown as short as they can be said', () => {
  expect(shown('/a/b/c', '/a')).toBe('b/c')
  expect(shown('/a', '/a')).toBe('.')
  expect(shown('/x', '/a/b/c/d')).toBe('/x')
})
