/**
 * Whether references lead somewhere: variables are set, files can be read, paths in Vault are paths.
 *
 * Credentials of environments are left out: those of production need not be at hand in development.
 *
 * Invariant: what is found there is looked at only for being there, being empty and being a port; no message holds it.
 */
import { relative } from 'node:path'
import { isSensitiveName } from '../../airflow/index.ts'
import type { Sensitive } from '../../sensitive/index.ts'
import type { EnvLayers } from '../env-layers.ts'
import { splitFieldPath } from '../field-path.ts'
import type { Hub, Reference } from '../hub.ts'
import type { Complaint } from '../messages.ts'
import type { DraftEntry, DraftField } from '../normalise.ts'
import { parsePort, PORT_TEXT } from '../port.ts'
import type { RuleContext } from './rule.ts'
import { formComplaint } from './vault-paths.ts'

export function checkReferences(context: RuleContext): void {
  const { draft, files, layers } = context
  const readable = new Map<string, boolean>()
  const canRead = (path: string): boolean => {
    const known = readable.get(path) ?? files.read(path) !== undefined
    readable.set(path, known)
    return known
  }
  let unresolved = 0
  for (const one of draft.entries) {
    for (const field of one.fields) {
      const { reference } = field
      if (reference.kind === 'vault') checkVaultReference(context, one, field, reference)
      if (layers === undefined) continue
      if (reference.kind === 'env' && !checkVariable(context, layers, one, field, reference.name)) unresolved += 1
      if (reference.kind === 'file' && !canRead(reference.path)) {
        const hint = 'is it there, and may you read it? relative paths begin at the folder of plenum.yaml'
        context.findings.error(
          { path: field.path, on: 'value' },
          { code: 'hub-file-unreadable', text: 'this file cannot be read', hint },
        )
      }
    }
  }
  if (layers !== undefined) checkEnvFiles(context, layers, unresolved > 0)
}

/** Whether the variable is set. */
function checkVariable(
  { draft, findings }: RuleContext,
  layers: EnvLayers,
  one: DraftEntry,
  field: DraftField,
  name: string,
): boolean {
  const spot = { path: field.path, on: 'value' } as const
  const value = layers.get(name)
  if (value === undefined) {
    findings.error(spot, {
      code: 'hub-unresolved',
      text: `the environment variable ${name} is not set`,
      hint: whereToSet(name, draft.hub),
    })
    return false
  }
  const complaint = valueComplaint(value, one, field, name)
  if (complaint?.code === 'hub-port') findings.error(spot, complaint)
  else if (complaint !== undefined) findings.warning(spot, complaint)
  return true
}

function valueComplaint(
  value: Sensitive<string>,
  { entry }: DraftEntry,
  field: DraftField,
  name: string,
): Complaint | undefined {
  const text = value.reveal()
  if (entry.kind === 'connection' && field.name === 'port' && text !== '' && parsePort(text) === undefined) {
    return { code: 'hub-port', text: `the environment variable ${name} does not hold a port: ${PORT_TEXT}` }
  }
  const isSecret =
    entry.kind === 'secret' ||
    (entry.kind === 'variable' ? isSensitiveName(entry.id) : splitFieldPath(field.name).some(isSensitiveName))
  if (text !== '' || !isSecret) return undefined
  return {
    code: 'hub-empty-value',
    text: `the environment variable ${name} is set and empty`,
    hint: 'is its line in the .env file still to be filled in?',
  }
}

function whereToSet(name: string, { envFiles, folder }: Hub): string {
  const [first] = envFiles
  return first === undefined
    ? `set ${name}, or name a file that has it:  env_files: [.env]`
    : `set ${name}, or write it into ${relative(folder, first)}`
}

function checkEnvFiles({ findings }: RuleContext, layers: EnvLayers, isNeeded: boolean): void {
  for (const [index, { path, content }] of layers.files.entries()) {
    // Where every name is found without it (in CI, or in the next file), a file that is not there is no news.
    if (content === undefined && isNeeded) {
      findings.error(
        { path: ['env_files', index], on: 'value' },
        {
          code: 'hub-env-file',
          text: 'this file cannot be read',
          hint: 'relative paths begin at the folder of plenum.yaml',
        },
      )
    }
    for (const { line, text } of content?.problems ?? []) {
      findings.warningAt({ file: path, line, column: 1 }, { code: 'hub-env-file', text })
    }
  }
}

function checkVaultReference(
  { draft, findings }: RuleContext,
  { entry }: DraftEntry,
  { path }: DraftField,
  reference: Extract<Reference, { kind: 'vault' }>,
): void {
  const spot = { path: [...path, 'vault', 'path'], on: 'value' } as const
  // A policy for exactly this path is made of it: a wildcard would open more.
  const complaint = formComplaint(reference.path)
  if (complaint !== undefined) return findings.error(spot, complaint)
  if (reference.path === entry.path) {
    return findings.error(spot, {
      code: 'hub-reference',
      text: 'this is the path of the entry itself',
      hint: 'use external when someone else writes it, or generate to keep what is there',
    })
  }
  const { mount } = draft.hub.vault
  const inMount = reference.path.startsWith(`${mount}/`) ? reference.path.slice(mount.length + 1) : reference.path
  const short = inMount.replace(/^data\//, '')
  if (short === reference.path) return
  const text = 'paths go without the mount and without data/'
  findings.warning(spot, { code: 'hub-vault-path', text, hint: `write ${short} when that is not meant` })
}
