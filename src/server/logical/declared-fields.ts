/**
 * What requests to a path may bring, as data beside the path's handlers. Told by help and by the OpenAPI document, and
 * held against every request: a name that is not declared is answered with a warning (`parameter-warnings.ts`).
 */

/** As `fields.ts` reads them. `duration`: seconds, or a text like `1h30m`. */
export type FieldType = 'string' | 'int' | 'number' | 'bool' | 'duration' | 'list' | 'int-list' | 'map'

export interface Field {
  readonly type: FieldType
  /** One sentence. */
  readonly about: string
  /** Where it is read: `both` is body and query. Default: in the bodies of writes. */
  readonly in?: 'path' | 'query' | 'both'
  readonly deprecated?: true
}

export type Fields = Readonly<Record<string, Field>>

export interface Description {
  /** What the path is for: one sentence. */
  readonly about?: string
  /** By name, those captured from the path among them. Left out: nothing is known of them, and nothing is warned of. */
  readonly fields?: Fields
  /** What is sent is the client's own: any names. */
  readonly arbitrary?: true
}

/** Of lists and scans that come in pages. */
export const PAGE_FIELDS: Fields = {
  after: { type: 'string', in: 'query', about: 'The name behind which the page begins.' },
  limit: { type: 'int', in: 'query', about: 'The most names that one page holds; 0 sets no limit.' },
}
