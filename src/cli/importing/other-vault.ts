/** The Vault that `plenum import vault --from-address` reads. It never gets a token of the hub's own Vault. */
import { readFileSync } from 'node:fs'
import { fileToken, newPace, VaultClient } from '../../vault/index.ts'
import { CommandError } from '../failure.ts'
import type { ImportOptions } from './options.ts'
import { reading } from './reading.ts'

/** Undefined: the hub's own. */
export async function otherVault(options: ImportOptions): Promise<VaultClient | undefined> {
  const { fromAddress, fromTokenFile, fromCaCert, fromNamespace } = options
  if (fromAddress === undefined) return undefined
  if (fromTokenFile === undefined)
    throw new CommandError('call-wrong', '--from-address needs --from-token-file', {
      hint: 'a file that holds a token of that Vault; ~/.vault-token is one when you are logged in there',
      status: 2,
    })
  return new VaultClient({
    address: fromAddress,
    tokens: fileToken(fromTokenFile),
    namespace: fromNamespace,
    pace: newPace(),
    caCert: fromCaCert === undefined ? undefined : reading(fromCaCert, () => readFileSync(fromCaCert, 'utf8')),
  })
}
