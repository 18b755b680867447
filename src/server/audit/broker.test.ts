import { describe, expect, it } from 'vitest'
import { LogicalError } from '../logical/index.ts'
import { AuditBroker, type AuditEvent } from './broker.ts'
import { auditedRequest, auditedResponse, PLANTED } from './exchange.case.ts'
import { type AuditSink, AuditWriteError } from './line-sink.ts'

const OPTIONS = { hmacAccessor: true, elideListResponses: false, logRaw: false, prefix: '' }
const now = () => 1000
const salt = (byte: number) => Buffer.alloc(32, byte)

function sink(): AuditSink & { readonly lines: string[]; fails: boolean; closed: boolean; reopened: number } {
  return {
    lines: [],
    fails: false,
    closed: false,
    reopened: 0,
    reopen() {
      if (this.fails) throw new AuditWriteError('cannot open it')
      this.reopened += 1
    },
    write(line) {
      if (this.fails) return Promise.reject(new AuditWriteError('cannot write it'))
      this.lines.push(line)
      return Promise.resolve()
    },
    close() {
      this.closed = true
    },
  }
}

function setUp() {
  const failures: string[] = []
  const events: AuditEvent[] = []
  const broker = new AuditBroker(
    (event) => {
      events.push(event)
      if (event.kind !== 'audit-failed') return
      failures.push(`${event.path}: ${event.error instanceof Error ? event.error.message : ''}`)
    },
    now,
    now,
  )
  const [one, two] = [sink(), sink()]
  broker.add('one/', one, salt(1), OPTIONS)
  broker.add('two/', two, salt(2), OPTIONS)
  return { broker, events, failures, one, two }
}

describe('the broker', () => {
  it('gives every entry to every device', async () => {
    const { broker, one, two } = setUp()
    await broker.request(auditedRequest(), undefined)
    await broker.response(auditedRequest(), auditedResponse(), undefined)
    for (const { lines } of [one, two]) {
      expect(lines.map((line) => JSON.parse(line).type)).toEqual(['request', 'response'])
      expect(lines.join('')).not.toMatch(PLANTED)
    }
  })

  it('S44: goes on when one of two devices fails, and says which', async () => {
    const { broker, failures, one, two } = setUp()
    one.fails = true
    await broker.request(auditedRequest(), undefined)
    expect([one.lines.length, two.lines.length]).toEqual([0, 1])
    expect(failures).toEqual(['one/: cannot write it'])
  })

  it('S44: refuses with a bare internal error when all devices fail', async () => {
    const { broker, failures, one, two } = setUp()
    one.fails = true
    two.fails = true
    const refused = { code: 'internal', clientText: '1 error occurred:\n\t* internal error\n\n' }
    await expect(broker.request(auditedRequest(), undefined)).rejects.toMatchObject(refused)
    await expect(broker.response(auditedRequest(), auditedResponse(), undefined)).rejects.toBeInstanceOf(LogicalError)
    expect(failures).toHaveLength(4)
  })

  it('waits for every device: one that hangs blocks', async () => {
    const { broker } = setUp()
    let release = (): void => undefined
    const hanging = new Promise<void>((resolve) => {
      release = resolve
    })
    broker.add('slow/', { write: () => hanging, reopen: () => undefined, close: () => undefined }, salt(3), OPTIONS)
    let done = false
    const stored = broker.request(auditedRequest(), undefined).then(() => (done = true))
    await new Promise(setImmediate)
    expect(done).toBe(false)
    release()
    expect(await stored).toBe(true)
  })

  it('allows everything without a device', async () => {
    const broker = new AuditBroker(() => undefined, now, now)
    expect(broker.enabled).toBe(false)
    await broker.request(auditedRequest(), undefined)
  })

  it('S12: hashes each device with its own salt, as sys/audit-hash does', async () => {
    const { broker, one, two } = setUp()
    await broker.request(auditedRequest(), undefined)
    const password = ({ lines }: typeof one) => JSON.parse(lines[0] ?? '').request.data.data.password as string
    expect(password(one)).toBe(broker.hash('one/', 'planted-1'))
    expect(password(two)).toBe(broker.hash('two/', 'planted-1'))
    expect(password(one)).not.toBe(password(two))
    expect(broker.hash('three/', 'x')).toBeUndefined()
  })

  it('forgets a device before it closes it, so that one that cannot be closed does not block', async () => {
    const { broker, one } = setUp()
    const stuck: AuditSink = {
      write: () => Promise.reject(new AuditWriteError('gone')),
      reopen: () => undefined,
      close: () => {
        throw new Error('EIO')
      },
    }
    broker.add('stuck/', stuck, salt(3), OPTIONS)
    expect(() => broker.remove('stuck/')).toThrow('EIO')
    expect(broker.has('stuck/')).toBe(false)
    broker.remove('one/')
    expect(one.closed).toBe(true)
  })

  it('tests a new device with an entry of its own', async () => {
    const { broker, one, two } = setUp()
    await broker.test('one/')
    expect(JSON.parse(one.lines[0] ?? '')).toMatchObject({ time: '1970-01-01T00:00:01.000Z', type: 'request' })
    expect(two.lines).toEqual([])
    one.fails = true
    await expect(broker.test('one/')).rejects.toBeInstanceOf(AuditWriteError)
  })

  it('counts what each device took and did not take, and keeps the last reason', async () => {
    const { broker, events, one } = setUp()
    await broker.request(auditedRequest(), undefined)
    one.fails = true
    await broker.exchange(auditedRequest(), undefined, auditedResponse(), undefined)
    expect(broker.status()).toMatchObject([{ failingSince: 1000 }, { failingSince: undefined }])
    one.fails = false
    await broker.response(auditedRequest(), auditedResponse(), undefined)
    const well = { failingSince: undefined, disk: undefined }
    expect(broker.status()).toEqual([
      { path: 'one/', stored: 2, refused: 2, lastFailure: { reason: 'cannot write it', time: 1000 }, ...well },
      { path: 'two/', stored: 4, refused: 0, lastFailure: undefined, ...well },
    ])
    expect(events.slice(1)).toEqual([{ kind: 'audit-recovered', path: 'one/', refused: 2 }])
  })

  it('opens all devices anew, and says which one it could not', () => {
    const { broker, events, failures, one, two } = setUp()
    one.fails = true
    broker.reopen()
    expect([one.reopened, two.reopened]).toEqual([0, 1])
    expect(failures).toEqual(['one/: cannot open it'])
    expect(events.at(-1)).toEqual({ kind: 'audit-reopened', path: 'two/' })
  })

  it('S44: refuses requests when the only device is one that cannot be made', async () => {
    const broker = new AuditBroker(() => undefined, now, now)
    broker.addRefusing('bad/', new AuditWriteError('no such device'))
    await expect(broker.request(auditedRequest(), undefined)).rejects.toMatchObject({ code: 'internal' })
    broker.reopen()
    expect(broker.status()).toMatchObject([
      { path: 'bad/', stored: 0, refused: 1, lastFailure: { reason: 'no such device' } },
    ])
  })
})
