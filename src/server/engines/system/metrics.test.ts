import { expect, it } from 'vitest'
import { Durations } from '../../logical/durations.ts'
import { inJson, inPrometheus, type Metric } from './metrics.ts'

function summary(times: readonly number[]): Metric {
  const durations = new Durations()
  for (const ms of times) durations.note(ms, 0)
  return { kind: 'summary', name: 'vault.s', help: 'H.', summary: durations.summary(4000) }
}

const metric = (name: string, value: number, labels = {}, kind: 'counter' | 'gauge' = 'counter'): Metric => ({
  kind,
  name,
  help: 'H.',
  value,
  labels,
})

it('writes the text that Prometheus reads, with one head for a name, and labels that cannot break out', () => {
  const text = inPrometheus([
    metric('vault.a', 1, { device: 'x"\\\n/' }),
    metric('vault.a', 2, { device: 'y', other: 'z' }),
    metric('vault.b', 3, {}, 'gauge'),
  ])
  expect(text).toBe(
    '# HELP vault_a H.\n# TYPE vault_a counter\nvault_a{device="x\\"\\\\\\n/"} 1\nvault_a{device="y",other="z"} 2\n# HELP vault_b H.\n# TYPE vault_b gauge\nvault_b 3\n',
  )
})

it('writes Vault’s JSON', () => {
  expect(inJson([metric('vault.a', 1, { l: 'x' }), metric('vault.b', 3, {}, 'gauge')], 0)).toEqual({
    Timestamp: '1970-01-01 00:00:00 +0000 UTC',
    Gauges: [{ Name: 'vault.b', Value: 3, Labels: {} }],
    Points: [],
    Counters: [{ Name: 'vault.a', Count: 1, Sum: 1, Labels: { l: 'x' } }],
    Samples: [],
  })
})

it('writes a summary with its quantiles, and as a sample', () => {
  const lines = inPrometheus([summary([2, 2, 2])])
    .trimEnd()
    .split('\n')
  expect(lines).toEqual([
    '# HELP vault_s H.',
    '# TYPE vault_s summary',
    'vault_s{quantile="0.5"} 2',
    'vault_s{quantile="0.9"} 2',
    'vault_s{quantile="0.99"} 2',
    'vault_s_sum 6',
    'vault_s_count 3',
  ])
  expect(inPrometheus([summary([])])).toContain('vault_s{quantile="0.5"} NaN\nvault_s{quantile="0.9"} NaN\n')
  expect(inJson([summary([1, 3])], 0)).toMatchObject({
    Counters: [],
    Samples: [{ Name: 'vault.s', Count: 2, Rate: 1, Sum: 4, Min: 1, Max: 3, Mean: 2, Stddev: 1, Labels: {} }],
  })
})
