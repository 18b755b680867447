import { expect, it } from 'vitest'
import { inJson, inPrometheus, type Metric } from './metrics.ts'

const metric = (name: string, value: number, labels = {}, kind: Metric['kind'] = 'counter'): Metric => ({
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
