import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { sensitive } from '../sensitive/index.ts'
import { classifyName } from './classify.ts'
import type { NameClass } from './selection.ts'

const CASES: readonly (readonly [name: string, value: string, kind: NameClass])[] = [
  ['EXCHANGE_API_KEY', 'abc', 'secret'],
  ['DB_PASSWORD', '1', 'secret'],
  ['SMTP_PASS', 'x', 'secret'],
  ['AWS_SECRET_ACCESS_KEY', 'x', 'secret'],
  ['AWS_ACCESS_KEY_ID', 'AKIAEXAMPLEONLY', 'secret'],
  ['SIGNING_KEY', 'abc', 'secret'],
  ['DATABASE_URL', 'postgresql://app:pw@db/app', 'secret'],
  ['DATABASE_URL', 'postgresql://db/app', 'configuration'],
  ['WHATEVER', 'ghp_0123456789abcdef', 'secret'],
  ['WHATEVER', '-----BEGIN RSA PRIVATE KEY-----\nx', 'secret'],
  ['WHATEVER', 'q7Zt0Yb3Nw9Xe2Lk5Vh8', 'secret'],
  ['LOG_LEVEL', 'INFO', 'configuration'],
  ['AIRFLOW_UID', '50000', 'configuration'],
  ['TZ', 'Europe/Zurich', 'configuration'],
  ['DB_HOST', 'db', 'configuration'],
  ['FEATURE_X', 'true', 'configuration'],
  ['DATA_DIR', '/opt/data', 'configuration'],
  ['TOKEN_TTL', '3600', 'configuration'],
  ['PASSWORD_FILE', '/run/secrets/pw', 'configuration'],
  ['API_TOKEN', '', 'configuration'],
  ['GREETING', 'hello there', 'unknown'],
]

describe('classifyName', () => {
  it.each(CASES)('%s is told apart (case %#)', (name, value, kind) => {
    expect(classifyName(name, sensitive(value)).kind).toBe(kind)
  })

  it('never gives a piece of the value as its reason', () => {
    const value = fc.string({ minLength: 8, maxLength: 40, unit: fc.constantFrom(...'QZXJ0123456789#') })
    fc.assert(
      fc.property(fc.string({ maxLength: 12 }), value, (name, clear) => {
        expect(classifyName(name, sensitive(clear)).because).not.toContain(clear)
      }),
    )
  })
})
