import { availableParallelism } from 'node:os'
import { defineConfig, type ViteUserConfig } from 'vitest/config'

/**
 * Four suites. `unit` is pure and shares one process; `integration` starts servers and commands and gets a process
 * per file; `interop` runs clients that others wrote; `airflow` needs the Python environments that scripts/test.mjs makes.
 *
 * The files of `integration` wait most of the time for what they started, and a start of Airflow fills one core: two at
 * once, also on two cores, where the runner would take one.
 */
const AT_ONCE = Math.max(2, availableParallelism() - 1)

const config: ViteUserConfig = defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['src/**/*.test.ts', 'test/*.test.ts'],
          pool: 'threads',
          isolate: false,
          // Searches with many examples take seconds on a busy machine.
          testTimeout: 20_000,
        },
      },
      {
        test: {
          name: 'integration',
          include: ['test/integration/**/*.test.ts'],
          pool: 'forks',
          maxWorkers: AT_ONCE,
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: 'interop',
          include: ['test/interop/**/*.test.ts'],
          pool: 'forks',
          maxWorkers: 1,
          testTimeout: 120_000,
          // Go compiles its own library first, once on a machine.
          hookTimeout: 400_000,
        },
      },
      {
        test: {
          name: 'airflow',
          include: ['test/airflow/**/*.test.ts'],
          pool: 'forks',
          maxWorkers: 2,
          testTimeout: 300_000,
          hookTimeout: 600_000,
        },
      },
    ],
  },
})

export default config
