import { expect, it } from 'vitest'
import { isSensitiveName } from './sensitive-names.ts'

it.each([
  'password',
  'db_PASSWORD_2',
  'API-Key',
  'x.api.key',
  ' token ',
  'refresh_token',
  'proxies',
  'keyfile_dict',
  'aws secret access',
  'dsn',
  'webhook-url',
  'connection string',
])('%j is sensitive', (name) => {
  expect(isSensitiveName(name)).toBe(true)
})

it.each(['', 'host', 'region_name', 'key', 'user', 'symbols', 'sslmode', 'pass_word', 'client_id'])(
  '%j is not',
  (name) => {
    expect(isSensitiveName(name)).toBe(false)
  },
)
