import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { sensitive } from '../sensitive/index.ts'
import { configFolder } from './config-folder.ts'
import { readCredentials, writeCredentials } from './credential-files.ts'
import { writePrivateFile } from './private-files.ts'
import { prepareRunFolder, runFolder } from './run-folder.ts'
import { readServerFile, removeServerFile, writeServerFile } from './server-file.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'plenum-cli-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const modeOf = (path: string): string => (statSync(path).mode & 0o777).toString(8)

describe('the configuration folder', () => {
  it('is where XDG_CONFIG_HOME says', () => {
    expect(configFolder({ env: { XDG_CONFIG_HOME: '/x' }, home: '/home/ann' }).path).toBe('/x/plenum')
  })

  it.each([{}, { XDG_CONFIG_HOME: '' }, { XDG_CONFIG_HOME: 'relative' }])('is ~/.config/plenum for %j', (env) => {
    expect(configFolder({ env, home: '/home/ann' }).path).toBe('/home/ann/.config/plenum')
  })

  it('keeps keys and operators of different stores apart', () => {
    const config = configFolder({ env: {}, home: '/h' })
    expect(config.unsealKey('a')).not.toBe(config.unsealKey('b'))
    expect(config.operator('a').folder).not.toBe(config.operator('b').folder)
  })
})

describe('the run folder', () => {
  it('ignores itself in git and belongs to its owner alone', () => {
    const run = runFolder(folder)
    prepareRunFolder(run)
    expect(modeOf(run.path)).toBe('700')
    expect(readFileSync(join(run.path, '.gitignore'), 'utf8')).toBe('*\n')
  })

  it('has one settings file an environment', () => {
    const run = runFolder('/hub')
    expect(run.airflowEnv('dev')).toBe('/hub/.plenum/airflow.env')
    expect(run.airflowEnv('prod')).toBe('/hub/.plenum/airflow.prod.env')
  })
})

describe('a private file', () => {
  it('is 0600 also when it was not before, and leaves nothing beside it', () => {
    const path = join(folder, 'secret_id')
    writeFileSync(path, 'old', { mode: 0o644 })
    writePrivateFile(path, 'new')
    expect([readFileSync(path, 'utf8'), modeOf(path), readdirSync(folder)]).toEqual(['new', '600', ['secret_id']])
  })

  it('is not written again when it holds the same, but made private', () => {
    const path = join(folder, 'secret_id')
    writeFileSync(path, 'same', { mode: 0o644 })
    const { ino } = statSync(path)
    writePrivateFile(path, 'same')
    expect([statSync(path).ino, modeOf(path)]).toEqual([ino, '600'])
  })
})

describe('a private file that cannot be written', () => {
  it('is named, with what to do, and leaves nothing beside it', () => {
    const path = join(folder, 'taken')
    mkdirSync(path)
    expect(() => writePrivateFile(path, 'text')).toThrow(
      expect.objectContaining({
        code: 'file-unwritable',
        message: expect.stringContaining(path),
        hint: 'a folder stands where a file is needed',
      }),
    )
    expect(readdirSync(folder)).toEqual(['taken'])
  })
})

describe('credentials as files', () => {
  it('come back as they were written, 0600 in 0700', () => {
    const files = runFolder(folder).credentials('dev', 'airflow')
    expect(readCredentials(files)).toBeUndefined()
    writeCredentials(files, { roleId: 'r', secretId: sensitive('planted-secret-id') })
    const read = readCredentials(files)
    expect([read?.roleId, read?.secretId.reveal()]).toEqual(['r', 'planted-secret-id'])
    expect([modeOf(files.folder), modeOf(files.roleId), modeOf(files.secretId)]).toEqual(['700', '600', '600'])
  })

  it('are none when half of them is missing or empty', () => {
    const files = runFolder(folder).credentials('dev', 'airflow')
    writeCredentials(files, { roleId: 'r', secretId: sensitive('s') })
    writeFileSync(files.secretId, '\n')
    expect(readCredentials(files)).toBeUndefined()
    rmSync(files.secretId)
    expect(readCredentials(files)).toBeUndefined()
  })
})

describe('server.json', () => {
  const prepare = () => {
    const run = runFolder(folder)
    prepareRunFolder(run)
    return run
  }

  it('tells of a live process', () => {
    const run = prepare()
    const server = { pid: process.pid, address: 'http://127.0.0.1:8200', storeId: 'x' }
    writeServerFile(run, server)
    expect(readServerFile(run)).toEqual(server)
    removeServerFile(run)
    expect(readServerFile(run)).toBeUndefined()
  })

  it('tells nothing in a copy of the folder, and the same through a link to it', () => {
    const run = prepare()
    const server = { pid: process.pid, address: 'http://127.0.0.1:8200', storeId: 'x' }
    writeServerFile(run, server)
    const copy = join(folder, 'copy')
    cpSync(run.path, join(copy, '.plenum'), { recursive: true })
    expect(readServerFile(runFolder(copy))).toBeUndefined()
    symlinkSync(folder, join(folder, 'link'))
    expect(readServerFile(runFolder(join(folder, 'link')))).toEqual(server)
  })

  it.each([
    '',
    '{',
    '[]',
    '{"pid":"1"}',
    JSON.stringify({ pid: 2 ** 30, address: 'http://127.0.0.1:1', storeId: 'x' }),
    JSON.stringify({ pid: process.pid, address: 'nowhere', storeId: 'x', folder: '/' }),
  ])('means that nothing runs when it holds %j', (text) => {
    const run = prepare()
    writeFileSync(run.serverFile, text)
    expect(readServerFile(run)).toBeUndefined()
  })
})
