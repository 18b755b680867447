/** A request whose answer is read through `Field`. What the typed functions of this folder are made of. */
import type { VaultClient, VaultRequestOptions } from './client.ts'
import { Field } from './decode.ts'
import { VaultError, type VaultMethod } from './errors.ts'

export interface Reply {
  readonly status: number
  /** The whole body: `reply.body.at('data')`. */
  readonly body: Field
}

export async function ask(
  client: VaultClient,
  method: VaultMethod,
  path: string,
  options: VaultRequestOptions = {},
): Promise<Reply> {
  const answer = await client.request(method, path, options)
  return { status: answer.status, body: new Field(answer.body, { method, path, address: client.address }) }
}

/** The keys of a list; none when nothing is there (Vault answers an empty list with 404). */
export async function askForKeys(client: VaultClient, path: string, signal?: AbortSignal): Promise<string[]> {
  const reply = await ask(client, 'LIST', path, { signal })
  return reply.status === 404 ? [] : reply.body.at('data').at('keys').strings()
}

/** As `askForKeys`, for a folder of secrets: every key is the name of a child, of a folder with a `/` at its end. */
export async function askForChildren(client: VaultClient, path: string, signal?: AbortSignal): Promise<string[]> {
  const keys = await askForKeys(client, path, signal)
  const odd = keys.findIndex((key) => !/^[^/]+\/?$/.test(key))
  if (odd === -1) return keys
  const call = { method: 'LIST', path, address: client.address } as const
  const message = `LIST ${path}: key ${odd} of the answer from ${client.address} is no name of a child; is this a Vault?`
  throw new VaultError('vault-malformed-answer', message, call)
}
