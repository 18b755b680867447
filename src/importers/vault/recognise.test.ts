import { describe, expect, it } from 'vitest'
import { recognise } from './recognise.ts'

const LAYOUT = { connections: 'airflow/connections', variables: '/airflow/variables/', projects: 'projects' }
const at = (path: string, prefix = '') => {
  const { kind, id, superfluous } = recognise(path, { mount: 'secret', prefix, layout: LAYOUT })
  return `${kind} ${id}${superfluous === undefined ? '' : ` without ${superfluous}`}`
}

describe('a path of another Vault', () => {
  it.each([
    ['airflow/connections/db', 'connection db'],
    ['airflow/variables/team/x', 'variable team/x'],
    ['projects/trading/api_keys', 'secret trading/api_keys'],
    ['other/thing', 'secret other/thing'],
    ['airflow/connections', 'secret airflow/connections'],
    ['airflow/connections2/db', 'secret airflow/connections2/db'],
    ['secret', 'secret secret'],
  ])('%s is %s', (path, meaning) => {
    expect(at(path)).toBe(meaning)
  })

  it.each([
    ['secret/airflow/connections/db', 'connection db without secret/'],
    ['secret/data/airflow/variables/x', 'variable x without secret/data/'],
    ['data/airflow/connections/db', 'connection db without data/'],
    ['secret/projects/trading/keys', 'secret trading/keys without secret/'],
    ['secret/secret/airflow/connections/db', 'secret secret/secret/airflow/connections/db'],
    ['secret/other', 'secret secret/other'],
  ])('with the mount in it once too often: %s is %s', (path, meaning) => {
    expect(at(path)).toBe(meaning)
  })

  it('names secrets outside of the layout below the folder that was read', () => {
    expect(at('team/a/b', 'team')).toBe('secret a/b')
    expect(at('team/a/b', 'team/a/b')).toBe('secret b')
    expect(at('airflow/connections/db', 'airflow')).toBe('connection db')
  })

  it('takes the longer of two folders that lie in each other', () => {
    const layout = { connections: 'airflow', variables: 'airflow/variables' }
    expect(recognise('airflow/variables/x', { mount: 'm', prefix: '', layout }).kind).toBe('variable')
    expect(recognise('airflow/x', { mount: 'm', prefix: '', layout }).kind).toBe('connection')
  })

  it('is a secret where nothing is Airflow’s, and empty folders hold nothing', () => {
    const path = 'airflow/connections/db'
    expect(recognise(path, { mount: 'm', prefix: '', layout: 'secrets' })).toMatchObject({ kind: 'secret', id: path })
    expect(recognise(path, { mount: 'm', prefix: '', layout: { connections: '' } })).toMatchObject({ kind: 'secret' })
  })
})
