/** What `plenum server` prints, laid out as `vault server` prints it, so that what waits for its lines finds them. Pure. */
import type { Serving } from './settings.ts'

export interface Started {
  readonly serving: Serving
  /** One a listener. */
  readonly addresses: readonly string[]
  /** Of this program, and of the Vault whose API it speaks. */
  readonly version: string
  readonly vaultVersion: string
}

/** Vault aligns the names at this column. */
const NAMES_END = 24

export function startedWords({ serving, addresses, version, vaultVersion }: Started): string {
  const { listeners, storageType, apiAddress, logLevel } = serving
  const facts: readonly (readonly [string, string])[] = [
    ['Api Address', apiAddress ?? addresses[0] ?? ''],
    ...listeners.map((listener, index): [string, string] => {
      const place = (addresses[index] ?? '').replace(/^[a-z]+:\/\//, '')
      const tls = listener.kind === 'tcp' && listener.tls !== undefined ? 'enabled' : 'disabled'
      return [`Listener ${index + 1}`, `${listener.kind} (addr: "${place}", tls: "${tls}")`]
    }),
    ['Log Level', logLevel],
    ['Storage', storageType],
    ['Version', `Plenum v${version}, API of Vault v${vaultVersion}`],
  ]
  const lines = facts.map(([name, value]) => `${name.padStart(NAMES_END)}: ${value}`)
  return [
    '==> Vault server configuration:',
    '',
    ...lines,
    '',
    '==> Vault server started! Log data will stream in below:',
  ].join('\n')
}

export interface DevWords {
  readonly address: string
  /** Of the authority of `--dev-tls`. */
  readonly authorityFile: string | undefined
  /** base64 */
  readonly unsealKey: string
  readonly rootToken: string
}

/** With the two secrets that `--dev` asks for. */
export function devWords({ address, authorityFile, unsealKey, rootToken }: DevWords): string {
  return [
    '',
    'WARNING! dev mode is enabled: NOT SAFE for production. The server is unsealed, keeps everything in memory,',
    'and forgets it when it ends.',
    '',
    'For clients in another terminal:',
    '',
    `    $ export VAULT_ADDR='${address}'`,
    ...(authorityFile === undefined ? [] : [`    $ export VAULT_CACERT='${authorityFile}'`]),
    '',
    `Unseal Key: ${unsealKey}`,
    `Root Token: ${rootToken}`,
    '',
  ].join('\n')
}
