/** The command `plenum`, as a process, for a hub in a folder of its own: nothing of the person who runs the tests is used. */
import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { sensitive } from '../../src/sensitive/index.ts'
import { appRoleToken, VaultClient } from '../../src/vault/index.ts'
import { type Ran, run } from './airflow.case.ts'

export interface HubFolder {
  readonly folder: string
  /** The settings for Airflow that Plenum writes, for a shell to read. */
  readonly settings: string
  /** For a process of one's own. */
  readonly command: (args: readonly string[]) => readonly string[]
  readonly env: Readonly<Record<string, string>>
  plenum(args: readonly string[], env?: Readonly<Record<string, string>>): Promise<Ran>
  /** `plenum up` in the background, on a free port. */
  up(): Promise<void>
  down(): Promise<void>
  /** A client of the running server, as the hub's operator. Whoever takes it closes it. */
  operator(): VaultClient
}

const main = join(import.meta.dirname, '../../dist/cli/main.js')

export function hubFolder(folder: string): HubFolder {
  const home = join(folder, 'home')
  const env = { HOME: home, XDG_CONFIG_HOME: join(home, '.config') }
  mkdirSync(env.XDG_CONFIG_HOME, { recursive: true })
  const command = (args: readonly string[]): readonly string[] => [main, ...args, '--hub', folder]
  const plenum: HubFolder['plenum'] = (args, more = {}) =>
    run(process.execPath, command(args), { env: { ...env, ...more } })
  const succeed = async (...args: string[]): Promise<void> => {
    const { status, out, errors } = await plenum(args)
    if (status !== 0)
      throw new Error(`plenum ${args.join(' ')} ended with ${status}: ${`${out}${errors}`.slice(-2000)}`)
  }
  return {
    folder,
    settings: join(folder, '.plenum/airflow.env'),
    command,
    env,
    plenum,
    up: () => succeed('up', '--detach', '--port', '0'),
    down: () => succeed('down'),
    operator() {
      const server = JSON.parse(readFileSync(join(folder, '.plenum/server.json'), 'utf8')) as Record<string, unknown>
      const credentials = join(env.XDG_CONFIG_HOME, 'plenum/credentials', String(server['storeId']), 'operator')
      const credential = (name: string): string => readFileSync(join(credentials, name), 'utf8').trim()
      return new VaultClient({
        address: String(server['address']),
        tokens: appRoleToken({
          mount: 'approle',
          roleId: sensitive(credential('role_id')),
          secretId: sensitive(credential('secret_id')),
          now: Date.now,
        }),
      })
    },
  }
}
