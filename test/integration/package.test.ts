/** The packed tarball, installed into an empty project: every command and every subpath export is there. */
import { execFileSync, spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const root = join(import.meta.dirname, '../..')
const work = mkdtempSync(join(tmpdir(), 'plenum-package-'))
const project = join(work, 'project')
const env = { PATH: process.env['PATH'] ?? '', HOME: join(work, 'home'), XDG_CONFIG_HOME: join(work, 'home/.config') }

beforeAll(() => {
  mkdirSync(project, { recursive: true })
  mkdirSync(env.HOME, { recursive: true })
  execFileSync('npm', ['pack', '--ignore-scripts', '--pack-destination', work, '--loglevel=error'], {
    cwd: root,
    stdio: 'pipe',
  })
  const [tarball = ''] = readdirSync(work).filter((name) => name.endsWith('.tgz'))
  writeFileSync(join(project, 'package.json'), '{"name":"someone","version":"1.0.0","type":"module"}')
  // The registry's settings of this machine, but nothing else of the home folder.
  const npm = { ...process.env, npm_config_audit: 'false', npm_config_fund: 'false' }
  execFileSync('npm', ['install', '--ignore-scripts', '--prefer-offline', '--loglevel=error', join(work, tarball)], {
    cwd: project,
    stdio: 'pipe',
    env: npm,
  })
}, 180_000)
afterAll(() => rmSync(work, { recursive: true, force: true }))

const plenum = (args: readonly string[], cwd = project): { status: number | null; stdout: string; stderr: string } =>
  spawnSync(join(project, 'node_modules/.bin/plenum'), [...args], { cwd, env, encoding: 'utf8' })

describe('the package', () => {
  it('has nothing wrong in its manifest, by publint', () => {
    const ran = spawnSync(process.execPath, [join(root, 'node_modules/publint/src/cli.js'), '--strict'], {
      cwd: root,
      encoding: 'utf8',
      env: { ...env, NO_COLOR: '1' },
    })
    expect(ran.status, ran.stdout + ran.stderr).toBe(0)
  })

  it('runs from an empty folder', () => {
    expect(plenum(['--version']).stdout).toMatch(/^\d+\.\d+\.\d+/)
    expect(plenum(['--help']).stdout).toContain('up')
    const nowhere = plenum(['plan'])
    expect(nowhere.status).toBe(1)
    expect(nowhere.stderr).toContain('plenum.yaml')
  })

  it('brings the packed example up, and each command works on it', () => {
    const hub = join(project, 'node_modules/plenum/examples/hub')
    const up = plenum(['up', '--detach', '--port', '0', '--hub', hub])
    expect(up.status, up.stderr).toBe(0)
    try {
      for (const args of [['plan', '--exit-code'], ['apply', '--yes'], ['verify'], ['airflow', 'config', 'json']]) {
        const ran = plenum([...args, '--hub', hub])
        expect(ran.status, `${args.join(' ')}: ${ran.stderr}`).toBe(0)
      }
    } finally {
      expect(plenum(['down', '--hub', hub]).status).toBe(0)
    }
  }, 60_000)

  it('exports a client, a test server and the schema', () => {
    const script = `
      import { VaultClient } from 'plenum/client'
      import { startTestServer } from 'plenum/testing'
      import schema from 'plenum/plenum.schema.json' with { type: 'json' }
      import * as whole from 'plenum'
      const server = await startTestServer()
      const answer = await server.client.request('GET', 'sys/health')
      await server.close()
      console.log(JSON.stringify([typeof VaultClient, answer.body.initialized, typeof schema, Object.keys(whole).length > 0]))
    `
    const ran = spawnSync(process.execPath, ['--no-warnings', '--input-type=module', '-e', script], {
      cwd: project,
      env,
      encoding: 'utf8',
    })
    expect(ran.stdout.trim(), ran.stderr).toBe('["function",true,"object",true]')
  })

  it('runs the examples of docs/testing.md, and they have its types', () => {
    const page = readFileSync(join(root, 'docs/testing.md'), 'utf8')
    const examples = [...page.matchAll(/^```ts\n([^]*?)^```$/gm)].map(([, code = '']) => code)
    expect(examples.length).toBeGreaterThan(5)
    const folder = join(project, 'page')
    mkdirSync(folder)
    copyFileSync(join(root, 'examples/hub/plenum.yaml'), join(folder, 'plenum.yaml'))
    for (const [index, code] of examples.entries()) writeFileSync(join(folder, `example-${index + 1}.test.ts`), code)
    writeFileSync(
      join(folder, 'tsconfig.json'),
      JSON.stringify({
        compilerOptions: {
          strict: true,
          module: 'nodenext',
          target: 'es2022',
          lib: ['es2023', 'esnext.disposable'],
          types: ['node'],
          typeRoots: [join(root, 'node_modules/@types')],
        },
      }),
    )
    const run = (args: readonly string[]) =>
      spawnSync(process.execPath, [...args], { cwd: folder, env, encoding: 'utf8' })
    const compiled = run([join(root, 'node_modules/typescript/bin/tsc'), '-p', folder])
    expect(compiled.status, compiled.stdout + compiled.stderr).toBe(0)
    const tests = readdirSync(folder).filter((name) => name.endsWith('.js'))
    const ran = run(['--test', ...tests])
    expect(ran.status, ran.stdout + ran.stderr).toBe(0)
    expect(ran.stdout).toContain(`pass ${examples.length}`)
  }, 60_000)
})
