import { describe, expect, it } from 'vitest'
import { parseDuration, parseMebibytes, parsePlace, parsePort } from './arguments.ts'

describe('parseDuration', () => {
  it.each([
    ['100ms', 100],
    ['500ms', 500],
    ['2s', 2000],
    ['1m', 60_000],
    ['1h', 3_600_000],
    ['024s', 24_000],
  ])('%s is %d ms', (text, ms) => {
    expect(parseDuration(text)).toBe(ms)
  })

  it.each(['', '2', 's', '0s', '99ms', '0.5s', '-1s', '2 s', ' 2s', '2S', '1d', '1e3s', '2s5', '1234567s', '٢s'])(
    '%s is none',
    (text) => {
      expect(() => parseDuration(text)).toThrow(
        'A duration is a number with its unit (500ms, 2s, 1m, 1h), 100ms or more.',
      )
    },
  )
})

describe('parsePlace', () => {
  it.each([
    ['127.0.0.1:9464', '127.0.0.1', 9464],
    ['0.0.0.0:80', '0.0.0.0', 80],
    ['localhost:0', 'localhost', 0],
    ['[::1]:9464', '::1', 9464],
    [':9464', '127.0.0.1', 9464],
    ['9464', '127.0.0.1', 9464],
  ])('%s is %s, port %d', (text, host, port) => {
    expect(parsePlace(text)).toEqual({ host, port })
  })

  it('may be none', () => {
    expect(parsePlace('none')).toBe('none')
  })

  it.each([
    '',
    ':',
    'localhost',
    'localhost:',
    '::1:9464',
    'a b:80',
    'host:80x',
    'http://host:80',
    '[::1]',
    '[]:80',
    '[::1:80',
  ])('%s is none', (text) => {
    expect(() => parsePlace(text)).toThrow('A place is HOST:PORT, PORT, or none.')
  })

  it('has a port that can be', () => {
    expect(() => parsePlace('127.0.0.1:65536')).toThrow('A port is a number from 0 to 65535')
  })
})

describe('parsePort', () => {
  it.each([
    ['0', 0],
    ['8200', 8200],
    ['65535', 65_535],
  ])('%s is %d', (text, port) => {
    expect(parsePort(text)).toBe(port)
  })

  it.each(['', '-1', '65536', '80a', '1.5', '0x50', ' 80'])('%s is none', (text) => {
    expect(() => parsePort(text)).toThrow('A port is a number from 0 to 65535')
  })
})

describe('parseMebibytes', () => {
  it.each([
    ['0', 0],
    ['64', 64],
  ])('takes %s', (text, size) => {
    expect(parseMebibytes(text)).toBe(size)
  })

  it.each(['', '-1', '1.5', '64MiB', '12345678'])('refuses "%s"', (text) => {
    expect(() => parseMebibytes(text)).toThrow('A size is a whole number of MiB')
  })
})
