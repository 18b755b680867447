import type { LoginName } from '../logical/index.ts'
import type { Exchange } from './exchange.ts'

/** In whose name a request logs in; `undefined` where it is no login, or the auth method knows no names. */
export function loginNameOf({ mounted, open, operation, rest, data }: Exchange): LoginName | undefined {
  if (mounted === undefined || !open || operation !== 'update') return undefined
  const alias = mounted.backend.aliasOf?.(rest, data ?? {})
  return alias === undefined ? undefined : { accessor: mounted.entry.accessor, alias }
}
