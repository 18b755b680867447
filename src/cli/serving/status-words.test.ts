import { describe, expect, it } from 'vitest'
import { PLAIN } from '../screen.ts'
import { type Details, statusDocument, type StatusReport, statusText } from './status-words.ts'

const SEAL = {
  initialized: true,
  sealed: false,
  type: 'shamir',
  threshold: 2,
  shares: 3,
  progress: 0,
  version: '1.14.8',
  storageType: 'lmdb',
}
const KNOWN: Details = {
  kind: 'known',
  status: {
    version: '9.9.9',
    started: 0,
    uptimeSeconds: 93_784,
    listeners: ['https://127.0.0.1:8200', 'unix:///run/p.sock'],
    key: { term: 2, installed: 1000, encryptions: 65_536 },
    tokens: 1234,
    leases: 1000,
    audit: [
      {
        path: 'file/',
        type: 'file',
        place: '/var/log/a.log',
        stored: 20,
        refused: 3,
        failingSince: 60_000,
        lastFailure: { time: 61_000, reason: 'ENOSPC\u001b[31m' },
        disk: { free: 1024 ** 2 * 1.5, reserve: 64 * 1024 ** 2, held: 256 * 1024 },
      },
      {
        path: 'out/',
        type: 'socket',
        place: 'tcp localhost:9000',
        stored: 1,
        refused: 0,
        failingSince: undefined,
        lastFailure: undefined,
        disk: undefined,
      },
    ],
  },
}

const report = (details: Details, seal: Partial<typeof SEAL> = {}): StatusReport => ({
  address: 'https://127.0.0.1:8200',
  source: 'VAULT_ADDR',
  seal: { ...SEAL, ...seal },
  details,
})

describe('the status of a server', () => {
  it('says everything to whoever may know it, and no control character of the server', () => {
    expect(statusText(report(KNOWN), PLAIN)).toBe(`plenum server status: https://127.0.0.1:8200 (VAULT_ADDR)

  state        unsealed
  unseal key   3 shares, any 2 of them
  store        lmdb
  version      Plenum 9.9.9, API of Vault 1.14.8
  up           1 d 2 h, since 1970-01-01T00:00:00Z
  listens      https://127.0.0.1:8200
               unix:///run/p.sock
  key          term 2 since 1970-01-01T00:00:01Z, 65,536 encryptions
  tokens       1,234, of which 1,000 expire
  audit file/  file /var/log/a.log
               fails since 1970-01-01T00:01:00Z; 20 entries stored, 3 refused
               last failure 1970-01-01T00:01:01Z: ENOSPC\\u{1b}[31m
               1.5 MiB free on its disk, reserve 256.0 KiB of 64.0 MiB
  audit out/   socket tcp localhost:9000
               1 entries stored, 0 refused`)
  })

  it.for<[Details['kind'], Partial<typeof SEAL>, RegExp]>([
    ['sealed', { sealed: true, progress: 1 }, /sealed, 1 of 2 shares given\n[^]*nothing more is known/],
    ['sealed', { sealed: true, initialized: false }, /not initialised\n[^]*none yet/],
    ['no-token', {}, /set VAULT_TOKEN/],
    ['denied', {}, /this one may not/],
    ['not-plenum', {}, /no server of Plenum's/],
  ])('%s: says why there is no more', ([kind, seal, text]) => {
    const short = report({ kind } as Details, seal)
    expect(statusText(short, PLAIN)).toMatch(text)
    expect(statusDocument(short)).toMatchObject({ sealed: seal.sealed ?? false, details: expect.any(String) })
  })

  it('as a document has numbers and moments', () => {
    expect(statusDocument(report(KNOWN))).toMatchObject({
      initialized: true,
      api_version: '1.14.8',
      version: '9.9.9',
      uptime_seconds: 93_784,
      audit: [
        { path: 'file/', failing_since: '1970-01-01T00:01:00Z', disk: { reserve_held_bytes: 262_144 } },
        { path: 'out/', failing_since: null, last_failure: null, disk: null },
      ],
    })
  })
})
