/** The command line on a real terminal, which tmux is: questions, hidden answers, Ctrl-C, colour. It runs the built package. */
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { startServer } from '../../src/server/index.ts'

const main = join(import.meta.dirname, '../../dist/cli/main.js')
const work = mkdtempSync(join(tmpdir(), 'plenum-terminal-'))
const hub = join(work, 'hub')
const env = { PATH: process.env['PATH'] ?? '', HOME: join(work, 'home'), XDG_CONFIG_HOME: join(work, 'home/config') }
const socket = join(work, 'tmux')

const why = spawnSync('tmux', ['-V']).status === 0 ? undefined : 'needs tmux'

function tmux(...args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync('tmux', ['-S', socket, '-f', '/dev/null', ...args], {
    env: { ...env, LC_ALL: 'C.UTF-8' },
    encoding: 'utf8',
  })
  if (status !== 0) throw new Error(`tmux ${args[0] ?? ''}: ${stderr}`)
  return stdout
}

const plenum = (...args: readonly string[]) =>
  spawnSync(process.execPath, [main, ...args], { cwd: hub, env, encoding: 'utf8' })

const PATIENCE_MS = 40_000
let sessions = 0

/** A command on a terminal of its own; its status is the last thing on the screen. */
class Terminal {
  readonly #name: string
  constructor(command: string, columns = 100) {
    sessions += 1
    this.#name = `s${sessions}`
    // Ctrl-C is for the command: the shell lives on to tell its status.
    const script = `trap : INT; ${command.replaceAll('plenum', '"$NODE" "$MAIN"')}; echo "status $?"; exec sleep 300`
    const size = ['-x', String(columns), '-y', '50']
    const variables = ['-e', `NODE=${process.execPath}`, '-e', `MAIN=${main}`]
    tmux('new-session', '-d', '-s', this.#name, ...size, '-c', hub, ...variables, 'sh', '-c', script)
  }
  /** Everything that was shown, also what has left the screen. `-e` keeps colours. */
  text(...options: readonly string[]): string {
    return tmux('capture-pane', '-p', '-J', '-S', '-', ...options, '-t', this.#name)
  }
  /** Waits until the text is there; what is there instead is the error. */
  async shows(wanted: RegExp, look: (text: string) => void = () => undefined): Promise<void> {
    const deadline = Date.now() + PATIENCE_MS
    for (;;) {
      const text = this.text()
      look(text)
      if (wanted.test(text)) return
      if (Date.now() > deadline) throw new Error(`no ${String(wanted)} on the terminal:\n${text}`)
      await sleep(30)
    }
  }
  press(...keys: readonly string[]): void {
    tmux('send-keys', '-t', this.#name, ...keys)
  }
}

function declare(variables: string): void {
  const head = 'version: 1\nhub: demo\nairflow: { version: "3.3", provider: "4.8" }\n'
  const environments = 'environments: { dev: { vault: embedded } }\n'
  writeFileSync(
    join(hub, 'plenum.yaml'),
    `${head}${environments}projects:\n  trading:\n    variables:\n      ${variables}\n`,
  )
}

describe('a terminal', () => {
  beforeEach(({ skip }) => {
    if (why !== undefined) skip(why)
    mkdirSync(hub, { recursive: true })
    declare('project_trading_day: monday')
  })
  afterAll(() => {
    plenum('down')
    if (sessions > 0) tmux('kill-server')
    rmSync(work, { recursive: true, force: true })
  })

  it('Ctrl-C ends `up` well: status 0, the data stays', async () => {
    const terminal = new Terminal('plenum up --port 0')
    await terminal.shows(/Ctrl-C stops it, the data stays\./)
    expect(plenum('plan').stdout).toMatch(/^no changes/)
    terminal.press('C-c')
    await terminal.shows(/stopping\nstatus 0/)
    expect(plenum('plan').stderr).toContain('is not running')
  })

  it('Ctrl-C ends a question: nothing was changed', async () => {
    expect(plenum('up', '--port', '0', '--detach', '-q').status).toBe(0)
    declare('project_trading_day: tuesday')
    const terminal = new Terminal('plenum apply')
    await terminal.shows(/Make 1 change to environment dev at http:\/\/127\.0\.0\.1:/)
    terminal.press('C-c')
    await terminal.shows(/nothing was changed\nstatus 1/)
    expect(plenum('plan', '--exit-code').status).toBe(3)
  })

  it('`apply` asks: n changes nothing, y does it', async () => {
    declare('project_trading_day: tuesday')
    const no = new Terminal('plenum apply')
    await no.shows(/Make 1 change/)
    no.press('n')
    await no.shows(/nothing was changed\nstatus 1/)
    expect(plenum('plan', '--exit-code').status).toBe(3)
    const yes = new Terminal('plenum apply')
    await yes.shows(/Make 1 change/)
    yes.press('y')
    await yes.shows(/1 of 1 changed: 1 variable \(.* s\)\nstatus 0/)
    expect(plenum('plan', '--exit-code').status).toBe(0)
  })

  it('what answers a `prompt` is not shown, and arrives', async () => {
    declare('project_trading_code: { prompt: "Exchange code?" }')
    const terminal = new Terminal('plenum apply --yes')
    await terminal.shows(/Exchange code\?/)
    terminal.press('-l', 'planted-typed-answer')
    terminal.press('Enter')
    await terminal.shows(/status 0/)
    expect(terminal.text()).not.toContain('planted')
    expect(plenum('plan', '--exit-code').stdout).toMatch(/^no changes/)
    const before = plenum('verify')
    expect([before.status, before.stdout]).toEqual([0, expect.stringMatching(/^1 of 1 look-ups? resolves? /)])
  })

  it('unseal shares are asked for, each once and unseen, and Ctrl-C makes no token', async () => {
    const data = join(work, 'store')
    const server = await startServer({ storage: { kind: 'lmdb', folder: data }, port: 0 })
    const shares = (await server.core.initialize({ shares: 2, threshold: 2 })).keys.map((key) => key.toString('base64'))
    await server.close()
    const given = new Terminal(`plenum server generate-root --data ../store`)
    const type = (text: string) => {
      given.press('-l', text)
      given.press('Enter')
    }
    await given.shows(/Unseal share 1 of 2/)
    type('planted-no-share')
    await given.shows(/warning: share 1: this is no unseal share/)
    type(shares[0] ?? '')
    await given.shows(/Unseal share 2 of 2/)
    type(shares[0] ?? '')
    await given.shows(/warning: that share was given before/)
    type(shares[1] ?? '')
    await given.shows(/^hvs\.\w{24}\n[^]*status 0/m)
    for (const secret of ['planted', ...shares.map((share) => share.slice(0, 20))])
      expect(given.text()).not.toContain(secret)
    const called = new Terminal(`plenum server generate-root --data ../store --shares -`)
    await called.shows(/Unseal share 1 of 2/)
    called.press('C-c')
    await called.shows(/interrupted[^]*status 1/)
    expect(called.text()).not.toContain('hvs.')
  })

  it('has colours, and none with NO_COLOR, with --no-color or in a pipe', async () => {
    declare('project_trading_code: { prompt: "Exchange code?" }')
    const colour = '\u001b[3'
    const shown = async (command: string) => {
      const terminal = new Terminal(command)
      await terminal.shows(/status/)
      return terminal.text('-e')
    }
    expect(await shown('plenum plan')).toContain(colour)
    expect(await shown('NO_COLOR=1 plenum plan')).not.toContain(colour)
    expect(await shown('plenum plan --no-color')).not.toContain(colour)
    expect(await shown('plenum plan | cat')).not.toContain(colour)
  })

  it('that is narrow has a whole bar on one line', async () => {
    declare(Array.from({ length: 1500 }, (_, n) => `project_trading_v${n}: value`).join('\n      '))
    const terminal = new Terminal('plenum apply --yes --all', 60)
    const bars = new Set<string>()
    await terminal.shows(/status 0/, (text) => {
      for (const line of text.match(/^(?:apply|read Vault) .*$/gm) ?? []) bars.add(line)
    })
    expect([...bars].filter((bar) => !/^[\w ]+ {2}\[=*-*\] {2}\d+\/\d+ {2}\d+\/s {2}\d+:\d\d left$/.test(bar))).toEqual(
      [],
    )
    expect(terminal.text()).not.toContain(' left')
  })
})
