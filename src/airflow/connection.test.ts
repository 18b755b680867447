import { describe, expect, it } from 'vitest'
import type { Json } from '../sensitive/index.ts'
import { isFalsy, normalizeConnType, pythonInt } from './connection.ts'

describe('normalizeConnType', () => {
  it.each([
    ['postgresql', 'postgres'],
    ['google-cloud-platform', 'google_cloud_platform'],
    ['postgresql+psycopg2', 'postgresql+psycopg2'],
    ['Http', 'Http'],
    ['', ''],
  ])('takes %j for %j', (type, normal) => {
    expect(normalizeConnType(type)).toBe(normal)
    expect(normalizeConnType(normal)).toBe(normal)
  })
})

describe('isFalsy', () => {
  it.each<[Json | undefined]>([[undefined], [null], [0], [false], [''], [[]], [{}]])(
    'takes %j for nothing',
    (value) => {
      expect(isFalsy(value)).toBe(true)
    },
  )
  it.each<[Json]>([[1], [true], [' '], ['0'], [[0]], [{ a: null }]])('takes %j for something', (value) => {
    expect(isFalsy(value)).toBe(false)
  })
})

describe('pythonInt', () => {
  it.each<[Json, number | undefined]>([
    [5432, 5432],
    [80.9, 80],
    [-1.5, -1],
    [true, 1],
    ['5432', 5432],
    [' 5_432\n', 5432],
    ['\u20035', 5],
    ['\uFEFF5', undefined],
    ['+80', 80],
    ['80.0', undefined],
    ['0x50', undefined],
    ['8__0', undefined],
    ['', undefined],
    ['http', undefined],
    [[], undefined],
    [{ a: 1 }, undefined],
    [null, undefined],
  ])('makes %j into %j', (value, number) => {
    expect(pythonInt(value)).toBe(number)
  })
})
