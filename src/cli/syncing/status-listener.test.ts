import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { SyncStatus } from '../../sync/index.ts'
import { listenForStatus, type StatusListener } from './status-listener.ts'

const clock = { now: Date.UTC(2026, 0, 1) }
const status = new SyncStatus(
  () => clock.now,
  1000,
  () => [['variable:planted', { kind: 'conflict', what: 'both-changed' }]],
)
let listener: StatusListener
beforeAll(async () => {
  listener = await listenForStatus({ host: '127.0.0.1', port: 0 }, status)
})
afterAll(() => listener.close())

const pass = (): void => status.note({ kind: 'pass', result: { kind: 'full', looked: 0, findings: [] }, durationMs: 0 })

describe('/healthz', () => {
  it('is 200 while sync starts and while it is well', async () => {
    const starting = await fetch(`${listener.url}/healthz`)
    expect([starting.status, await starting.json()]).toEqual([200, expect.objectContaining({ status: 'starting' })])
    pass()
    const well = await fetch(`${listener.url}/healthz?verbose`)
    expect(await well.json()).toEqual(status.health())
    expect([well.status, well.headers.get('content-type'), well.headers.get('cache-control')]).toEqual([
      200,
      'application/json',
      'no-store',
    ])
  })

  it('is 503 while it fails', async () => {
    clock.now += 3_600_000
    const failing = await fetch(`${listener.url}/healthz`)
    expect([failing.status, await failing.json()]).toEqual([503, expect.objectContaining({ status: 'failing' })])
    pass()
    expect((await fetch(`${listener.url}/healthz`)).status).toBe(200)
  })
})

describe('/metrics', () => {
  it('is Prometheus text, and names no object', async () => {
    const answer = await fetch(`${listener.url}/metrics`)
    expect(answer.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8')
    const text = await answer.text()
    expect(text).toBe(status.metrics())
    expect(text).not.toContain('planted')
  })

  it('answers HEAD without a body', async () => {
    const answer = await fetch(`${listener.url}/metrics`, { method: 'HEAD' })
    expect([answer.status, await answer.text()]).toEqual([200, ''])
  })
})

describe('anything else', () => {
  it.each(['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'])('%s is refused', async (method) => {
    const answer = await fetch(`${listener.url}/healthz`, { method })
    expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'GET, HEAD'])
    await answer.text()
  })

  it.each(['/', '/healthz/', '/metrics/x', '/v1/sys/health'])('%s is not there', async (path) => {
    const answer = await fetch(`${listener.url}${path}`)
    expect(answer.status).toBe(404)
    expect(await answer.text()).toContain('/healthz and /metrics')
  })
})

describe('a place that cannot be had', () => {
  it('says that the port is taken, and what to do', async () => {
    const port = Number(new URL(listener.url).port)
    await expect(listenForStatus({ host: '127.0.0.1', port }, status)).rejects.toMatchObject({
      code: 'listen-port-taken',
      message: `cannot listen on 127.0.0.1:${port} for /healthz and /metrics: the port is taken`,
      hint: expect.stringContaining('--listen none'),
    })
  })

  it('says why another is refused', async () => {
    await expect(listenForStatus({ host: '192.0.2.1', port: 0 }, status)).rejects.toMatchObject({
      code: 'listen-refused',
      message: expect.stringContaining('cannot listen on 192.0.2.1:0'),
    })
  })

  it('is free again once it is closed', async () => {
    const first = await listenForStatus({ host: '127.0.0.1', port: 0 }, status)
    const port = Number(new URL(first.url).port)
    await (await fetch(`${first.url}/healthz`)).text()
    await first.close()
    const second = await listenForStatus({ host: '127.0.0.1', port }, status)
    expect(second.url).toBe(first.url)
    await second.close()
  })
})
