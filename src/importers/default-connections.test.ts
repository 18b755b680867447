import { describe, expect, it } from 'vitest'
import { DEFAULT_CONNECTIONS, isUntouchedDefault } from './default-connections.ts'
import { connection, variable } from './found.case.ts'

describe('isUntouchedDefault', () => {
  it.each(Object.entries(DEFAULT_CONNECTIONS))('knows %s', (id, data) => {
    const stored = id === 'sqlite_default' ? { ...data, host: '/var/tmp/sqlite_default.db' } : data
    expect(isUntouchedDefault(connection(id, stored))).toBe(true)
    expect(isUntouchedDefault(connection(id, { ...stored, password: 'mine' }))).toBe(false)
    expect(isUntouchedDefault(connection(`${id}2`, stored))).toBe(false)
  })

  const { postgres_default: postgres = {}, http_default: http = {} } = DEFAULT_CONNECTIONS

  it.each([
    ['another host', { ...postgres, host: 'db.example.com' }],
    ['a port', { ...postgres, port: 5432 }],
    ['a field less', { conn_type: 'postgres', host: 'postgres' }],
    ['another type', { ...postgres, conn_type: 'redshift' }],
    ['a password in other letters', { ...postgres, password: 'Airflow' }],
  ])('takes one with %s for the user’s', (_, data) => {
    expect(isUntouchedDefault(connection('postgres_default', data))).toBe(false)
  })

  it('does not mind a host in lower case, which is what a URI makes of it', () => {
    expect(isUntouchedDefault(connection('http_default', { ...http, host: 'HTTPS://www.httpbin.org/' }))).toBe(true)
  })

  it('takes one with a description or a team for the user’s', () => {
    expect(isUntouchedDefault(connection('postgres_default', postgres, { description: 'ours' }))).toBe(false)
    expect(isUntouchedDefault(connection('postgres_default', postgres, { team: 'a' }))).toBe(false)
  })

  it('takes what somebody has written into a file for meant', () => {
    expect(isUntouchedDefault(connection('aws_default', { conn_type: 'aws' }, { source: 'env-file' }))).toBe(false)
    expect(isUntouchedDefault(connection('aws_default', { conn_type: 'aws' }, { source: 'airflow-export' }))).toBe(true)
  })

  it('is about connections', () => {
    expect(isUntouchedDefault(variable('aws_default'))).toBe(false)
    expect(isUntouchedDefault(connection('constructor', {}))).toBe(false)
  })
})
