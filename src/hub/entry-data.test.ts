import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Json, type Sensitive, sensitive } from '../sensitive/index.ts'
import { assembleData, flattenData, joinFieldPath, splitFieldPath } from './index.ts'

const wrapped = (fields: Readonly<Record<string, Json>>): Map<string, Sensitive<Json>> =>
  new Map(Object.entries(fields).map(([name, value]) => [name, sensitive(value)]))
const shown = (fields: ReadonlyMap<string, Sensitive<Json>>): Record<string, Json> =>
  Object.fromEntries([...fields].map(([name, value]) => [name, value.reveal()]))

/** Any JSON but -0, which JSON text cannot carry. */
const json = fc.jsonValue().map((value) => JSON.parse(JSON.stringify(value)) as Json)
const key = fc.oneof(fc.string({ maxLength: 4 }), fc.constantFrom('a', 'a.b', '\\', '.', '__proto__', 'constructor'))

describe('field paths', () => {
  it('are joined and split without loss', () => {
    fc.assert(
      fc.property(fc.array(fc.string(), { minLength: 1 }), (keys) => {
        expect(splitFieldPath(joinFieldPath(keys))).toEqual(keys)
      }),
    )
  })

  it.each([
    [['password'], 'password'],
    [['extra', 'read_only'], 'extra.read_only'],
    [['extra', 'bootstrap.servers'], 'extra.bootstrap\\.servers'],
    [['extra', 'a\\b'], 'extra.a\\\\b'],
  ])('of %j read %s', (keys, path) => {
    expect(joinFieldPath(keys)).toBe(path)
  })
})

describe('a connection', () => {
  it('is stored in the shape that Airflow reads', () => {
    const fields = wrapped({
      conn_type: 'http',
      port: 443,
      'extra.a.b': 1,
      'extra.a.c': [1],
      'extra.x\\.y': true,
      'extra.e': {},
    })
    expect(assembleData('connection', fields).reveal()).toEqual({
      conn_type: 'http',
      port: 443,
      extra: { a: { b: 1, c: [1] }, 'x.y': true, e: {} },
    })
  })

  it('leaves empty fields out, and keeps empty values in extra', () => {
    const fields = wrapped({ conn_type: 'x', host: '', login: null, extra: {}, 'extra.a': '', 'extra.b': null })
    expect(assembleData('connection', fields).reveal()).toEqual({ conn_type: 'x', extra: { a: '', b: null } })
    expect(assembleData('connection', wrapped({ conn_type: 'x', extra: {} })).reveal()).toEqual({ conn_type: 'x' })
  })

  it('has a port that is a number, also when it was copied as text', () => {
    expect(assembleData('connection', wrapped({ port: '5432' })).reveal()).toEqual({ port: 5432 })
    expect(assembleData('connection', wrapped({ port: 'x', 'extra.port': '1' })).reveal()).toEqual({
      port: 'x',
      extra: { port: '1' },
    })
  })

  it('flattens and assembles back, whatever extra holds', () => {
    fc.assert(
      fc.property(fc.dictionary(key, json, { minKeys: 1 }), (extra) => {
        const data = { conn_type: 'x', port: 1, extra }
        expect(assembleData('connection', flattenData('connection', sensitive(data))).reveal()).toEqual(data)
      }),
    )
  })

  it('of someone else flattens as it is', () => {
    const data = { conn_uri: 'x', 'extra.a': 1, extra: '{"a": 1}', port: '1' }
    expect(shown(flattenData('connection', sensitive(data)))).toEqual({
      conn_uri: 'x',
      'extra\\.a': 1,
      extra: '{"a": 1}',
      port: '1',
    })
  })
})

describe('variables and secrets', () => {
  it('keep their fields whole', () => {
    const data = { value: 'x', other: { a: { b: 1 } } }
    expect(shown(flattenData('variable', sensitive(data)))).toEqual(data)
    expect(assembleData('secret', flattenData('secret', sensitive(data))).reveal()).toEqual(data)
  })

  it('keep empty values', () => {
    expect(assembleData('variable', wrapped({ value: '' })).reveal()).toEqual({ value: '' })
    expect(assembleData('secret', wrapped({ k: '' })).reveal()).toEqual({ k: '' })
  })

  it('make a variable a text, whatever was copied', () => {
    expect(assembleData('variable', wrapped({ value: { a: 1 } })).reveal()).toEqual({ value: '{"a":1}' })
  })

  it('flatten and assemble back', () => {
    fc.assert(
      fc.property(fc.dictionary(key, json), (data) => {
        expect(assembleData('secret', flattenData('secret', sensitive(data))).reveal()).toEqual(data)
      }),
    )
  })
})
