import { describe, expect, it } from 'vitest'
import { assignProject, type ProjectRules, projectAssigner } from './assign.ts'
import type { ImportError } from './found.ts'

const NONE: ProjectRules = { rules: [], map: [], projects: [], mentions: new Map(), holding: 'unassigned' }
const PROJECTS = ['trading', 'trading-eu', 'risk', 'market-analysis']

function assigned(
  id: string,
  rules: Partial<ProjectRules> = {},
  kind: 'connection' | 'variable' = 'connection',
): string {
  const { project, because } = assignProject(id, kind, { ...NONE, projects: PROJECTS, ...rules })
  return `${project} by ${because}`
}

describe('assignProject', () => {
  it.each([
    ['project_trading_ibkr', 'trading'],
    ['trading_x', 'trading'],
    ['x_trading', 'trading'],
    ['trading', 'trading'],
    ['TRADING.API-KEY', 'trading'],
    ['trading/api', 'trading'],
    ['project_trading_eu_x', 'trading-eu'],
    ['x-trading-eu', 'trading-eu'],
    ['market_analysis_feed', 'market-analysis'],
  ])('finds the project in %s', (id, project) => {
    expect(assigned(id)).toBe(`${project} by name`)
  })

  it.each(['tradings', 'nontrading', 'market_feed', 'analysis_market', 'eu', ''])('finds none in %s', (id) => {
    expect(assigned(id)).toBe('unassigned by holding')
  })

  it('decides nothing where two projects are named, and says which', () => {
    expect(assignProject('trading_risk_db', 'connection', { ...NONE, projects: PROJECTS })).toEqual({
      project: 'unassigned',
      because: 'holding',
      candidates: ['trading', 'risk'],
    })
  })

  it('goes by rules first, in their order', () => {
    const rules = [
      { pattern: 'variable:*', project: 'a' },
      { pattern: 'x_*', project: 'b' },
      { pattern: '*', project: 'c' },
    ]
    expect(assigned('x_trading', { rules })).toBe('b by rule')
    expect(assigned('x_trading', { rules }, 'variable')).toBe('a by rule')
    expect(assigned('trading', { rules })).toBe('c by rule')
  })

  it('then by the map: an id before patterns, one of a kind before one of any', () => {
    const map = [
      { pattern: 'x*', project: 'a' },
      { pattern: 'xy', project: 'b' },
      { pattern: 'variable:xy', project: 'c' },
    ]
    expect(assigned('x_trading', { map })).toBe('a by map')
    expect(assigned('xy', { map })).toBe('b by map')
    expect(assigned('xy', { map }, 'variable')).toBe('c by map')
    expect(assigned('trading', { map })).toBe('trading by name')
  })

  it('then by DAGs, also where names are ambiguous', () => {
    const mentions = new Map([
      ['db', 'Trading_DAGs'],
      ['new', 'Research'],
      ['odd', 'Ours & theirs'],
      ['both', 'trading_risk'],
      ['trading_risk', 'risk'],
      ['trading', 'risk'],
    ])
    expect(assigned('db', { mentions })).toBe('trading by dags')
    expect(assigned('new', { mentions })).toBe('research by dags')
    expect(assigned('odd', { mentions })).toBe('unassigned by holding')
    expect(assigned('both', { mentions })).toBe('unassigned by holding')
    expect(assigned('trading_risk', { mentions })).toBe('risk by dags')
    expect(assigned('trading', { mentions })).toBe('trading by name')
  })

  it.each([
    [{ rules: [{ pattern: '*', project: 'Trading' }] }, 'write trading'],
    [{ map: [{ pattern: '*', project: 'a b' }] }, 'lower-case letters'],
    [{ holding: '' }, 'lower-case letters'],
  ])('refuses a project that no hub can declare: %j', (wrong, hint) => {
    expect(() => projectAssigner({ ...NONE, ...wrong })).toThrow(
      expect.objectContaining({
        code: 'import-project-name',
        hint: expect.stringContaining(hint) as string,
      }) as ImportError,
    )
  })

  it('costs no more for a long map', () => {
    const map = Array.from({ length: 20_000 }, (_, index) => ({ pattern: `id${index}`, project: 'a' }))
    const assign = projectAssigner({ ...NONE, map })
    const projects = map.map(({ pattern }) => assign(pattern, 'variable').because)
    expect(new Set(projects)).toEqual(new Set(['map']))
  })
})
