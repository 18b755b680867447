/**
 * The rules: everything that a schema cannot say. Each looks at the whole draft and reports all it finds; none stops
 * another, and their order does not matter.
 */
import { checkClearSecrets } from './clear-secrets.ts'
import { checkCollisions } from './collisions.ts'
import { checkConnections } from './connections.ts'
import { checkEnvironments } from './environments.ts'
import { checkIds } from './ids.ts'
import { checkNames } from './names.ts'
import { checkReferences } from './references.ts'
import type { Rule, RuleContext } from './rule.ts'
import { checkVaultPaths } from './vault-paths.ts'
import { checkVersions } from './versions.ts'

const RULES: readonly Rule[] = [
  checkNames,
  checkVersions,
  checkVaultPaths,
  checkEnvironments,
  checkIds,
  checkCollisions,
  checkConnections,
  checkClearSecrets,
  checkReferences,
]

export function checkRules(context: RuleContext): void {
  for (const rule of RULES) rule(context)
}
