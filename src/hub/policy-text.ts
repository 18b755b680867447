/**
 * Rules -> the text of a Vault policy (HCL1, vault-api 10.1).
 *
 * Invariant: a path stands for itself. What a policy would take for a wildcard, a template or the end of the text is
 * refused; a rule that is meant for everything below a folder says so with `below`.
 */
export type PolicyCapability = 'create' | 'read' | 'update' | 'patch' | 'delete' | 'list' | 'sudo'

export interface PolicyRule {
  /** One path, every path below a folder, or every path that begins with a text. */
  readonly path: { readonly exact: string } | { readonly below: string } | { readonly startingWith: string }
  readonly capabilities: readonly PolicyCapability[]
  /** Parameters that a request may have, and the value that each has to have; `any` for every value. Absent: all. */
  readonly parameters?: Readonly<Record<string, boolean | 'any'>> | undefined
  readonly why: string
}

export function policyText(header: readonly string[], rules: readonly PolicyRule[]): string {
  return [header.map((line) => `# ${line}`).join('\n'), ...rules.map(ruleText)].join('\n\n').concat('\n')
}

function ruleText({ path, capabilities, parameters, why }: PolicyRule): string {
  const lines = [
    `# ${why}`,
    `path "${patternOf(path)}" {`,
    `  capabilities = [${capabilities.map((one) => `"${one}"`).join(', ')}]`,
  ]
  if (parameters !== undefined) {
    const allowed = Object.entries(parameters).map(
      ([name, value]) => `    "${name}" = [${value === 'any' ? '' : String(value)}]`,
    )
    lines.push('  allowed_parameters = {', ...allowed, '  }')
  }
  return [...lines, '}'].join('\n')
}

function patternOf(path: PolicyRule['path']): string {
  if ('exact' in path) return literal(path.exact)
  if ('below' in path) return `${literal(path.below)}/*`
  return `${literal(path.startingWith)}*`
}

/** The rules of a hub let nothing else through; this is the last net. */
function literal(path: string): string {
  if (/^[A-Za-z0-9_./-]+$/.test(path)) return path
  throw new TypeError(`${JSON.stringify(path)} cannot stand for itself in a policy`)
}
