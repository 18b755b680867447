import { defineConfig, type ViteUserConfig } from 'vitest/config'

/**
 * Three suites. `unit` is pure and shares one process; `integration` starts servers and commands and gets a process
 * per file; `airflow` needs the Python environments that scripts/test.mjs makes.
 */
const config: ViteUserConfig = defineConfig({
  test: {
    projects: [
      { test: { name: 'unit', include: ['src/**/*.test.ts', 'test/*.test.ts'], pool: 'threads', isolate: false } },
      {
        test: {
          name: 'integration',
          include: ['test/integration/**/*.test.ts'],
          pool: 'forks',
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'airflow',
          include: ['test/airflow/**/*.test.ts'],
          pool: 'forks',
          fileParallelism: false,
          testTimeout: 300_000,
          hookTimeout: 600_000,
        },
      },
    ],
  },
})

export default config
