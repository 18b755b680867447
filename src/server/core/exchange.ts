/** One request on its way through the pipeline: what is known of it so far. Steps fill it in; nothing else changes it. */
import type { JsonObject } from '../json/index.ts'
import type { Operation, TokenEntry } from '../logical/index.ts'
import type { Verdict } from '../quota/index.ts'
import type { Mounted } from './mounts.ts'
import type { CoreRequest } from './request.ts'

export interface Exchange {
  readonly request: CoreRequest
  readonly id: string
  /** Unix milliseconds of arrival. */
  readonly time: number
  /** With the trailing slash that a list or scan carries. */
  readonly path: string
  operation: Operation | 'help'
  data: JsonObject | undefined
  /** How long the answer is to lie wrapped, in seconds; 0: it goes out as it is. */
  readonly wrapTtl: number
  mounted: Mounted | undefined
  /** The path below the mount. */
  rest: string
  /** The path needs no token: no policy is asked. */
  open: boolean
  /** What a rate limit said of it; `undefined` before it was asked. */
  limit: Verdict | undefined
  caller: TokenEntry | undefined
  sudo: boolean
  grantedBy: readonly string[] | undefined
}
