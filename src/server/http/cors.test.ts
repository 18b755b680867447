import { describe, expect, it } from 'vitest'
import { type CrossOriginRequest, judgeOrigin } from './cors.ts'

const SOME = { allowedOrigins: ['https://ui.example.com', 'http://localhost:3000'], allowedHeaders: ['X-Vault-Token'] }
const ALL = { allowedOrigins: ['*'], allowedHeaders: [] }
const asked = (more: Partial<CrossOriginRequest> = {}): CrossOriginRequest => ({
  method: 'GET',
  origin: 'https://ui.example.com',
  requestedMethod: undefined,
  ...more,
})

describe('requests of web pages', () => {
  it('S49: are like any other while CORS is off', () => {
    expect(judgeOrigin(undefined, asked({ method: 'OPTIONS', requestedMethod: 'GET' }))).toEqual({
      kind: 'pass',
      headers: [],
    })
  })

  it('pass with the page’s own origin in the answer', () => {
    for (const cors of [SOME, ALL]) {
      expect(judgeOrigin(cors, asked())).toEqual({
        kind: 'pass',
        headers: [
          ['Access-Control-Allow-Origin', 'https://ui.example.com'],
          ['Vary', 'Origin'],
        ],
      })
    }
    expect(judgeOrigin(SOME, asked({ origin: undefined }))).toEqual({ kind: 'pass', headers: [] })
  })

  it.each(['https://ui.example.com.evil.example', 'http://ui.example.com', 'https://ui.example.com:8443', '*', 'null'])(
    'S49: of %s are refused',
    (origin) => {
      expect(judgeOrigin(SOME, asked({ origin }))).toMatchObject({
        kind: 'answer',
        reply: { status: 403 },
        headers: [],
      })
    },
  )

  it('S49: of a page without an origin of its own are refused, also where all may ask', () => {
    expect(judgeOrigin(ALL, asked({ origin: 'null' }))).toMatchObject({ kind: 'answer', reply: { status: 403 } })
    const listed = { allowedOrigins: ['null'], allowedHeaders: [] }
    expect(judgeOrigin(listed, asked({ origin: 'null' }))).toMatchObject({ kind: 'answer', reply: { status: 403 } })
  })

  it('are prepared by a preflight, without credentials', () => {
    const verdict = judgeOrigin(SOME, asked({ method: 'OPTIONS', requestedMethod: 'LIST' }))
    expect(verdict).toMatchObject({ kind: 'answer', reply: { status: 204, body: undefined } })
    expect(new Map(verdict.headers)).toEqual(
      new Map([
        ['Access-Control-Allow-Origin', 'https://ui.example.com'],
        ['Vary', 'Origin'],
        ['Access-Control-Allow-Headers', 'X-Vault-Token'],
        ['Access-Control-Allow-Methods', 'DELETE, GET, OPTIONS, POST, PUT, LIST'],
        ['Access-Control-Max-Age', '300'],
      ]),
    )
    for (const requestedMethod of ['TRACE', 'list', undefined])
      expect(judgeOrigin(SOME, asked({ method: 'OPTIONS', requestedMethod }))).toMatchObject({
        kind: 'answer',
        reply: { status: 405 },
      })
  })
})
