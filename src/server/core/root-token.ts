/**
 * A root token for whoever holds the unseal key itself, in this process: no request asks for it, so there is no caller and
 * no policy.
 *
 * Invariant: as in the pipeline, the audit devices know before there is a token, and again before anybody gets it. Its
 * hash stands in the second entry as in those of its later use.
 */
import { randomUUID } from 'node:crypto'
import type { AuditedRequest } from '../audit/index.ts'
import type { Session } from './session.ts'

const PATH = 'sys/generate-root/update'

/** @throws {AuditWriteError} when no audit device takes the entry; then nobody has a token. */
export async function createAuditedRoot({ audit, mounts, tokens, now }: Session): Promise<string> {
  if (!audit.enabled) return (await tokens.createRoot()).token
  const request: AuditedRequest = {
    id: randomUUID(),
    operation: 'update',
    path: PATH,
    data: undefined,
    clientToken: '',
    headers: [],
    caller: undefined,
    remoteAddress: '',
    remotePort: 0,
    mount: mounts.get('sys/')?.entry,
    grantedBy: undefined,
    time: now(),
  }
  await audit.request(request, undefined)
  const { token } = await tokens.createRoot()
  const data = { complete: true, root_token: token }
  await audit.response(request, { data, auth: undefined, warnings: [], time: now() }, undefined)
  return token
}
