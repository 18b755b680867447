import { describe, expect, it } from 'vitest'
import { fingerprintKey } from '../sensitive/index.ts'
import { duplicatesOf } from './duplicates.ts'
import { connection, envName, found, variable } from './found.case.ts'
import type { Found } from './found.ts'

const key = fingerprintKey(Buffer.alloc(32, 1))
const groups = (...all: Found[]): string[] => duplicatesOf(all, key).map(({ names }) => names.join(' = '))

describe('duplicatesOf', () => {
  it('finds one credential under several names', () => {
    expect(
      groups(
        connection('exchange_default', { conn_type: 'http', password: 'planted-1' }),
        connection('team_exchange', { conn_type: 'http', extra: { auth: { api_key: 'planted-1' } } }),
        variable('exchange_token', 'planted-1'),
        found('secret', 'trading/api', { 'binance.key': 'planted-1', other: 'planted-2' }),
        envName('EXCHANGE_KEY', 'planted-1'),
        variable('something', 'planted-1'),
      ),
    ).toEqual([
      'connection exchange_default: password = connection team_exchange: extra.auth.api_key = variable exchange_token = secret trading/api: binance.key = name EXCHANGE_KEY = variable something',
    ])
  })

  it.each([
    ['what is no secret', [variable('a', 'eu-central'), variable('b', 'eu-central'), envName('REGION', 'eu-central')]],
    ['short values', [variable('a_token', 'abcde'), variable('b_token', 'abcde')]],
    ['other fields', [connection('a', { host: 'db.example.com' }), connection('b', { host: 'db.example.com' })]],
    ['numbers', [connection('a', { extra: { token: 1_000_000 } }), connection('b', { extra: { token: 1_000_000 } })]],
    ['one name', [variable('a_token', 'planted-1'), variable('a_token', 'planted-1')]],
  ])('says nothing about %s', (_, all) => {
    expect(groups(...all)).toEqual([])
  })
})
