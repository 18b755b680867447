export {
  DEFAULT_JSON_LIMITS,
  ExactNumber,
  JsonLimitError,
  type JsonLimits,
  type JsonObject,
  JsonSyntaxError,
  type JsonValue,
  RawJson,
} from './json.ts'
export { parseJson } from './parse.ts'
export { parseRecord } from './record.ts'
export { stringifyJson } from './stringify.ts'
