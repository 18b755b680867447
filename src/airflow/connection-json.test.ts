import { describe, expect, it } from 'vitest'
import { sensitive } from '../sensitive/index.ts'
import type { Connection } from './connection.ts'
import { formatConnectionJson, parseConnectionJson } from './connection-json.ts'

const parse = (json: string): Connection => parseConnectionJson('x', sensitive(json))

describe('parseConnectionJson (airflow 4.2)', () => {
  it('reads all fields', () => {
    const { password, extra, ...rest } = parse(
      ' {"conn_type":"postgresql","description":"d","login":"u","password":"p","host":"H","port":5432,"schema":"s","extra":{"a":[1,null]}}',
    )
    expect(rest).toEqual({
      connId: 'x',
      connType: 'postgres',
      description: 'd',
      login: 'u',
      host: 'H',
      port: 5432,
      schema: 's',
    })
    expect([password?.reveal(), extra?.reveal()]).toEqual(['p', { a: [1, null] }])
  })

  it.each([
    ['{"port": "5432"}', 5432],
    ['{"port": 80.9}', 80],
    ['{"port": ""}', undefined],
    ['{"port": 0}', undefined],
    ['{"port": null}', undefined],
  ])('takes the port of %s as Airflow does', (json, port) => {
    expect(parse(json).port).toBe(port)
  })

  it('takes an extra as text', () => {
    expect(parse(String.raw`{"extra": "{\"a\": 1}"}`).extra?.reveal()).toEqual({ a: 1 })
    expect(parse('{"extra": ""}').extra).toBeUndefined()
  })

  it.each([
    ['x://h', 'airflow-json'],
    ['[1]', 'airflow-json'],
    ['{"conn_id": "x"}', 'airflow-json'],
    ['{"port": "planted"}', 'airflow-json'],
    ['{"password": ["planted"]}', 'airflow-json'],
    ['{"extra": "planted"}', 'airflow-extra'],
    ['{"extra": ["planted"]}', 'airflow-extra'],
  ])('refuses %s with %s and shows no value', (json, code) => {
    expect(() => parse(json)).toThrow(
      expect.objectContaining({ code, message: expect.not.stringContaining('planted') as string }),
    )
  })
})

it('writes JSON that is read back', () => {
  const connection: Connection = {
    connId: 'x',
    connType: 'http',
    password: sensitive('p'),
    port: 1,
    extra: sensitive({ a: { b: 1 } }),
    login: '',
  }
  const json = formatConnectionJson(connection).reveal()
  expect(json).toBe('{"conn_type":"http","password":"p","port":1,"extra":{"a":{"b":1}}}')
  expect(formatConnectionJson(parse(json)).reveal()).toBe(json)
})
