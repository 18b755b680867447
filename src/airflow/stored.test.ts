import { expect, it } from 'vitest'
import { sensitive } from '../sensitive/index.ts'
import { storedConnection, storedVariable } from './stored.ts'

it('stores the eight fields by their names', () => {
  const stored = storedConnection({
    connId: 'x',
    connType: 'google-cloud-platform',
    description: 'd',
    host: 'h',
    login: 'u',
    password: sensitive('p'),
    schema: 's',
    port: 5432,
    extra: sensitive({ a: 1 }),
  })
  expect(stored.reveal()).toEqual({
    conn_type: 'google_cloud_platform',
    description: 'd',
    host: 'h',
    login: 'u',
    password: 'p',
    schema: 's',
    port: 5432,
    extra: { a: 1 },
  })
})

it('leaves out what is empty, but not a port of 0', () => {
  const stored = storedConnection({
    connId: 'x',
    connType: '',
    host: '',
    login: undefined,
    password: sensitive(''),
    port: 0,
    extra: sensitive({}),
  })
  expect(stored.reveal()).toEqual({ port: 0 })
})

it('stores a variable as text under "value", empty or not', () => {
  expect(storedVariable(sensitive('')).reveal()).toEqual({ value: '' })
  expect(storedVariable(sensitive('{"a": 1}')).reveal()).toEqual({ value: '{"a": 1}' })
})
