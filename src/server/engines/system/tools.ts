/** `sys/tools`: random bytes and digests for clients that have neither (vault-api 4.4). */
import {
  invalidRequest,
  type JsonObject,
  type LogicalRequest,
  type LogicalResponse,
  type PathParameters,
  type Route,
} from '../../logical/index.ts'
import { intField, stringField } from '../../logical/fields.ts'
import type { ToolsPort } from './host.ts'

const DEFAULT_BYTES = 32
const MOST_BYTES = 128 * 1024

/** Vault's names and Node's. */
const DIGESTS: ReadonlyMap<string, string> = new Map([
  ['sha2-224', 'sha224'],
  ['sha2-256', 'sha256'],
  ['sha2-384', 'sha384'],
  ['sha2-512', 'sha512'],
  ['sha3-224', 'sha3-224'],
  ['sha3-256', 'sha3-256'],
  ['sha3-384', 'sha3-384'],
  ['sha3-512', 'sha3-512'],
])

const BASE64 = /^(?:[A-Za-z\d+/]{4})*(?:[A-Za-z\d+/]{2}==|[A-Za-z\d+/]{3}=)?$/

export function toolRoutes(tools: ToolsPort): Route[] {
  return [
    {
      // A number alone is how many, any other word is from where.
      pattern: /tools\/random(?:\/(?<source>[A-Za-z]\w*))?(?:\/(?<urlbytes>\d+))?/,
      about: 'Random bytes.',
      fields: {
        source: { type: 'string', about: '`platform`, `seal` or `all`, which all are the platform here.' },
        urlbytes: { type: 'string', in: 'path', about: 'How many; counts before bytes.' },
        bytes: { type: 'int', about: 'How many; 32 when left out.' },
        format: { type: 'string', about: '`base64` or `hex`.' },
      },
      operations: { update: (request, parameters) => random(tools, request, parameters) },
    },
    {
      pattern: /tools\/hash(?:\/(?<urlalgorithm>[^/]+))?/,
      about: 'The hash of some bytes.',
      fields: {
        urlalgorithm: { type: 'string', in: 'path', about: 'The algorithm; counts before algorithm.' },
        algorithm: { type: 'string', about: '`sha2-256` when left out; or -224, -384, -512, and `sha3-` with these.' },
        input: { type: 'string', about: 'The bytes, in base64.' },
        format: { type: 'string', about: '`hex` or `base64`.' },
      },
      operations: { update: (request, parameters) => hash(tools, request, parameters) },
    },
  ]
}

/** Every source is the platform's: there is no seal with one of its own. */
function random(tools: ToolsPort, { data }: LogicalRequest, parameters: PathParameters): LogicalResponse {
  const bytes =
    (parameters['urlbytes'] === undefined ? intField(data, 'bytes') : Number(parameters['urlbytes'])) ?? DEFAULT_BYTES
  if (bytes < 1) throw invalidRequest("'bytes' cannot be less than 1")
  if (bytes > MOST_BYTES) throw invalidRequest(`'bytes' should be less than ${MOST_BYTES}`)
  const encoding = encodingOf(data, 'base64')
  const source = parameters['source'] ?? (stringField(data, 'source') || 'platform')
  if (source !== 'platform' && source !== 'seal' && source !== 'all')
    throw invalidRequest('unsupported entropy source; must be "platform", "seal" or "all"')
  return {
    kind: 'data',
    data: { random_bytes: tools.random(bytes).toString(encoding) },
    ...(source === 'seal'
      ? { warnings: ['no seal/entropy augmentation available, using platform entropy source'] }
      : {}),
  }
}

function hash(tools: ToolsPort, { data }: LogicalRequest, { urlalgorithm: inPath }: PathParameters): LogicalResponse {
  const input = stringField(data, 'input') ?? ''
  if (!BASE64.test(input)) throw invalidRequest('unable to decode input as base64: illegal base64 data')
  const encoding = encodingOf(data, 'hex')
  const name = inPath ?? (stringField(data, 'algorithm') || 'sha2-256')
  const algorithm = DIGESTS.get(name)
  if (algorithm === undefined) throw invalidRequest(`unsupported algorithm ${name}`)
  return { kind: 'data', data: { sum: tools.digest(algorithm, Buffer.from(input, 'base64')).toString(encoding) } }
}

function encodingOf(data: JsonObject, usual: 'hex' | 'base64'): 'hex' | 'base64' {
  const format = stringField(data, 'format') ?? usual
  if (format === 'hex' || format === 'base64') return format
  throw invalidRequest(`unsupported encoding format ${JSON.stringify(format)}; must be "hex" or "base64"`)
}
