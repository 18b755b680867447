/**
 * The server that a suite runs against: the embedded one by default, any Vault or OpenBao with PLENUM_TEST_VAULT_ADDR and
 * PLENUM_TEST_VAULT_TOKEN (a root token). A suite makes mounts, policies and roles of its own, under names nobody else
 * uses, and removes them again.
 */
import { randomBytes } from 'node:crypto'
import { startTestServer } from '../../src/testing/index.ts'
import { sensitive, staticToken, VaultClient } from '../../src/vault/index.ts'

export interface Target {
  readonly address: string
  readonly token: string
  readonly client: VaultClient
  /** False for a Vault or OpenBao that somebody else runs. */
  readonly embedded: boolean
  /** A name nobody else uses: `t3f9a…`. */
  readonly unique: (what: string) => string
  /** A request as it is, for what the typed client hides. */
  request(method: string, path: string, options?: RawOptions): Promise<RawAnswer>
  close(): Promise<void>
}

export interface RawOptions {
  readonly token?: string
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
}

export interface RawAnswer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  /** The parsed body; `undefined` when there is none. */
  // biome-ignore lint/suspicious/noExplicitAny: a test looks into answers of every shape
  readonly json: Record<string, never> & { readonly [key: string]: unknown }
}

/** `auditFolder`: where the embedded server may write audit files; another server is asked with absolute paths. */
export async function openTarget({ auditFolder }: { readonly auditFolder?: string } = {}): Promise<Target> {
  const { PLENUM_TEST_VAULT_ADDR: address, PLENUM_TEST_VAULT_TOKEN: token } = process.env
  if (address !== undefined && token !== undefined) {
    const client = new VaultClient({ address, tokens: staticToken(sensitive(token)) })
    return target({ address, token, client, embedded: false, close: () => client.close() })
  }
  const server = await startTestServer({
    mount: null,
    audit: false,
    ...(auditFolder === undefined ? {} : { auditFolder }),
  })
  return target({
    address: server.address,
    token: server.rootToken.reveal(),
    client: server.client,
    embedded: true,
    close: () => server.close(),
  })
}

function target(parts: Omit<Target, 'unique' | 'request'>): Target {
  const run = randomBytes(4).toString('hex')
  return {
    ...parts,
    unique: (what) => `${what}-${run}`,
    async request(method, path, { token = parts.token, body, headers = {} } = {}) {
      const answer = await fetch(`${parts.address}/v1/${path}`, {
        method,
        headers: {
          ...(token === '' ? {} : { 'X-Vault-Token': token }),
          ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
        redirect: 'manual',
      })
      const text = await answer.text()
      const isJson = text !== '' && answer.headers.get('content-type') === 'application/json'
      return { status: answer.status, headers: answer.headers, text, json: isJson ? JSON.parse(text) : undefined }
    },
  }
}

/** What stands in an answer's body, by the names on the way to it. A name on the way that is not there is an error. */
export function field(answer: RawAnswer, ...path: string[]): unknown {
  return path.reduce<unknown>((value, key) => (value as Record<string, unknown>)[key], answer.json)
}
