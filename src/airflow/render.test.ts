import { parse } from 'yaml'
import { expect, it } from 'vitest'
import { renderSettings } from './render.ts'

const settings = {
  settings: [
    { section: 'secrets', key: 'backend', value: 'a.B' },
    { section: 'secrets', key: 'backend_kwargs_cmd', value: "cat '/a b/$HOME/100%'" },
  ],
  warnings: [],
}

it('writes a file for `set -a; . file`', () => {
  expect(renderSettings(settings, 'env')).toBe(
    [
      '# Airflow reads its secrets from Vault. To use: set -a; . THIS_FILE; set +a',
      'AIRFLOW__SECRETS__BACKEND=a.B',
      String.raw`AIRFLOW__SECRETS__BACKEND_KWARGS_CMD='cat '\''/a b/$HOME/100%'\'''`,
      '',
    ].join('\n'),
  )
})

it('writes a section of airflow.cfg', () => {
  expect(renderSettings(settings, 'cfg')).toBe(
    "[secrets]\nbackend = a.B\nbackend_kwargs_cmd = cat '/a b/$HOME/100%%'\n",
  )
})

it('writes JSON', () => {
  expect(JSON.parse(renderSettings(settings, 'json'))).toEqual({
    AIRFLOW__SECRETS__BACKEND: 'a.B',
    AIRFLOW__SECRETS__BACKEND_KWARGS_CMD: "cat '/a b/$HOME/100%'",
  })
})

it('writes a fragment for Compose, which takes $$ for $', () => {
  expect(parse(renderSettings(settings, 'compose'))).toEqual({
    environment: { AIRFLOW__SECRETS__BACKEND: 'a.B', AIRFLOW__SECRETS__BACKEND_KWARGS_CMD: "cat '/a b/$$HOME/100%'" },
  })
})
