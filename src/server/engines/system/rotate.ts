/** `sys/rotate`, `sys/rotate/config` and `sys/key-status` (vault-api 2), and their newer names below `sys/rotate/keyring`. */
import { invalidRequest, type LogicalRequest, type LogicalResponse, type Route } from '../../logical/index.ts'
import { formatInstant, goDuration } from '../../logical/duration.ts'
import { boolField, durationField, intField } from '../../logical/fields.ts'
import type { KeysPort } from './host.ts'

const FEWEST_OPERATIONS = 1_000_000
const MOST_OPERATIONS = 3_865_470_566
/** Seconds. */
const SHORTEST_INTERVAL = 24 * 3600

export function rotateRoutes(keys: KeysPort): Route[] {
  return [
    {
      pattern: /key-status/,
      about: 'The key that encrypts what is written now.',
      fields: {},
      operations: {
        read: () => {
          const { term, installed, encryptions } = keys.active()
          return { kind: 'data', data: { term, install_time: formatInstant(installed), encryptions } }
        },
      },
    },
    {
      pattern: /rotate(?:\/keyring)?/,
      about: 'Makes a new key; what older ones have encrypted stays readable.',
      fields: {},
      operations: {
        update: async () => {
          await keys.rotate()
          return { kind: 'none' }
        },
      },
    },
    {
      pattern: /rotate\/(?:keyring\/)?config/,
      about: 'When a new key is made without being asked for.',
      fields: {
        enabled: { type: 'bool', about: 'Whether that is ever done.' },
        max_operations: { type: 'int', about: 'After how many encryptions.' },
        interval: { type: 'duration', about: 'After how long; 0 for never.' },
      },
      operations: { read: () => readConfig(keys), update: (request) => writeConfig(keys, request) },
    },
  ]
}

function readConfig(keys: KeysPort): LogicalResponse {
  const { enabled, maxOperations, interval } = keys.rotation()
  return {
    kind: 'data',
    // As Vault: a number where there is none, else Go's text.
    data: { enabled, max_operations: maxOperations, interval: interval === 0 ? 0 : goDuration(interval / 1000) },
  }
}

async function writeConfig(keys: KeysPort, { data }: LogicalRequest): Promise<LogicalResponse> {
  const now = keys.rotation()
  const maxOperations = intField(data, 'max_operations') ?? now.maxOperations
  const interval = durationField(data, 'interval') ?? now.interval / 1000
  const enabled = boolField(data, 'enabled') ?? now.enabled
  if (interval !== 0 && interval < SHORTEST_INTERVAL)
    throw invalidRequest(`interval must be greater or equal to ${goDuration(SHORTEST_INTERVAL)}`)
  if (maxOperations < FEWEST_OPERATIONS || maxOperations > MOST_OPERATIONS)
    throw invalidRequest(`max_operations must be in the range [${FEWEST_OPERATIONS},${MOST_OPERATIONS}]`)
  await keys.setRotation({ enabled, maxOperations, interval: interval * 1000 })
  return { kind: 'none' }
}
