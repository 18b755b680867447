/** A request and its answer with a secret planted wherever one may stand, for this folder's tests. */
import { type JsonObject, parseJson } from '../json/index.ts'
import type { AuthBlock, TokenEntry } from '../logical/index.ts'
import type { AuditedMount, AuditedRequest, AuditedResponse } from './entry.ts'

/** In every planted value, and nowhere else. */
export const PLANTED: RegExp = /planted/i

export const TOKEN = 'hvs.planted-token'

export const caller: TokenEntry = {
  id: 'h1',
  type: 'service',
  accessor: 'planted-accessor',
  parent: '',
  orphan: true,
  policies: ['default', 'team'],
  path: 'auth/approle/login',
  meta: { role_name: 'team' },
  displayName: 'approle',
  numUses: 3,
  creationTime: 1_700_000_000_000,
  creationTtl: 3600,
  expireTime: 1_700_003_600_000,
  explicitMaxTtl: 0,
  period: 0,
  renewable: true,
  lastRenewal: null,
  boundCidrs: [],
  entityId: '',
  noDefaultPolicy: false,
  role: '',
}

export function fields(text: string): JsonObject {
  return parseJson(text) as JsonObject
}

export function auditedMount(config: Partial<AuditedMount['config']> = {}): AuditedMount {
  return {
    path: 'secret/',
    type: 'kv',
    accessor: 'kv_12345678',
    class: 'secret',
    config: { auditNonHmacRequestKeys: [], auditNonHmacResponseKeys: [], ...config },
  }
}

export function auditedRequest(changes: Partial<AuditedRequest> = {}): AuditedRequest {
  return {
    id: '11111111-1111-1111-1111-111111111111',
    operation: 'update',
    path: 'secret/data/a',
    data: fields('{"data":{"password":"planted-1","nested":[{"token":"PLANTED-2"}],"port":5432},"options":{"cas":1}}'),
    clientToken: TOKEN,
    headers: [],
    caller,
    remoteAddress: '127.0.0.1',
    remotePort: 1234,
    mount: auditedMount(),
    grantedBy: ['team'],
    time: 1_700_000_000_500,
    ...changes,
  }
}

export const login: AuthBlock = {
  clientToken: 'hvs.planted-new-token',
  accessor: 'planted-new-accessor',
  displayName: 'approle',
  policies: ['default'],
  noDefaultPolicy: false,
  metadata: { role_name: 'team' },
  leaseDuration: 3600,
  renewable: true,
  entityId: '',
  tokenType: 'service',
  orphan: true,
  numUses: 0,
}

export function auditedResponse(changes: Partial<AuditedResponse> = {}): AuditedResponse {
  return {
    data: fields('{"data":{"password":"planted-3","list":["planted-4",5,true,null]}}'),
    auth: undefined,
    warnings: [],
    time: 1_700_000_000_600,
    ...changes,
  }
}
