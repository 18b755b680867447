/**
 * `ENV` and `ARG` of a Dockerfile, by stage, with the variables that stand above put in. Nothing is built.
 *
 * Invariant: a value that only a build knows (an `ARG` without default, what the base image sets, an expression that is
 * not understood) is a finding and never a guess.
 */
import { sensitive } from '../../sensitive/index.ts'
import type { Finding } from '../found.ts'
import { decodeText, type TextFile } from '../text-files.ts'
import { notText } from './documents.ts'
import { type Instruction, instructionsOf } from './dockerfile-lines.ts'
import { dockerWord, dockerWords } from './dockerfile-words.ts'
import type { Setting } from './setting.ts'

export interface DockerSettings {
  /** As they are built; `name` is for people. */
  readonly stages: readonly { readonly name: string; readonly settings: readonly Setting[] }[]
  readonly findings: readonly Finding[]
}

interface Stage {
  readonly name: string
  /** Undefined: known to a build alone. */
  readonly variables: Map<string, string | undefined>
  readonly own: Map<string, Setting>
}

export function dockerSettings(file: TextFile): DockerSettings {
  const { text, badLines } = decodeText(file)
  const [bad] = badLines
  if (bad !== undefined) return { stages: [], findings: [notText(file, bad)] }
  const { escape, instructions } = instructionsOf(text)
  return new DockerReader(file, escape).read(instructions)
}

class DockerReader {
  readonly #file: TextFile
  readonly #escape: string
  readonly #findings: Finding[] = []
  readonly #global: Stage = { name: 'before FROM', variables: new Map(), own: new Map() }
  readonly #stages: Stage[] = [this.#global]
  readonly #named = new Map<string, Stage>()

  constructor(file: TextFile, escape: string) {
    this.#file = file
    this.#escape = escape
  }

  read(instructions: readonly Instruction[]): DockerSettings {
    for (const instruction of instructions) {
      if (instruction.keyword === 'FROM') this.#from(instruction)
      else if (instruction.keyword === 'ENV') this.#env(instruction)
      else if (instruction.keyword === 'ARG') this.#arg(instruction)
    }
    const stages = this.#stages.map(({ name, own }) => ({ name, settings: [...own.values()] }))
    return { stages, findings: this.#findings }
  }

  #from({ rest }: Instruction): void {
    const [, base = '', name] = /^(?:--\S+\s+)*(\S+)(?:\s+as\s+(\S+))?/i.exec(rest) ?? []
    const index = this.#stages.length - 1
    const variables = new Map(this.#named.get(base.toLowerCase())?.variables)
    const stage: Stage = { name: `stage ${name ?? index}`, variables, own: new Map() }
    this.#named.set(String(index), stage)
    if (name !== undefined) this.#named.set(name.toLowerCase(), stage)
    this.#stages.push(stage)
  }

  #env(instruction: Instruction): void {
    const words = dockerWords(instruction.rest, this.#escape)
    const [first = ''] = words
    if (first.includes('=')) {
      this.#assign(instruction, words)
      return
    }
    // `ENV NAME the rest of the line`
    const value = instruction.rest.slice(first.length).trim()
    if (value === '') this.#problem('error', instruction, undefined, 'ENV has a name and no value here')
    else this.#assign(instruction, [`${first}=${value}`])
  }

  #arg(instruction: Instruction): void {
    const words = dockerWords(instruction.rest, this.#escape)
    for (const word of words.filter((one) => !one.includes('='))) {
      this.#stage.variables.set(word, this.#global.variables.get(word))
    }
    this.#assign(
      instruction,
      words.filter((word) => word.includes('=')),
    )
  }

  get #stage(): Stage {
    return this.#stages.at(-1) ?? this.#global
  }

  /** All of one instruction see what was there before it. */
  #assign(instruction: Instruction, words: readonly string[]): void {
    const { variables, own } = this.#stage
    const assigned = words.map((word) => {
      const equals = word.indexOf('=')
      const value = dockerWord(word.slice(equals + 1), this.#escape, variables)
      return { name: equals === -1 ? '' : word.slice(0, equals), value }
    })
    for (const { name, value } of assigned) {
      if (!/^[^\s"'$]+$/.test(name)) {
        this.#problem('error', instruction, undefined, 'this is not NAME=value')
        continue
      }
      variables.set(name, value.kind === 'text' ? value.text : undefined)
      own.delete(name)
      if (value.kind === 'text') this.#take(instruction, name, value.text)
      else if (value.kind === 'malformed') this.#problem('error', instruction, name, value.text)
      // `PATH=$PATH:…` adds to what the image has.
      else if (!value.names.includes(name)) {
        const text = `${value.names.join(', ')} in it is known to a build alone`
        this.#problem('warning', instruction, name, text)
      }
    }
  }

  #take({ line, lastLine, column }: Instruction, name: string, text: string): void {
    const written = { kind: 'text', value: sensitive(text), used: [], missing: [], note: undefined } as const
    const spot = { file: this.#file, line, lastLine, column }
    this.#stage.own.set(name, { name, written, spot, whereOf: () => undefined, hides: [] })
  }

  #problem(severity: Finding['severity'], { line, column }: Instruction, id: string | undefined, text: string): void {
    const where = `${this.#file.shown}:${line}:${column}`
    const hint = 'where it is a secret, put it into Vault by hand'
    this.#findings.push({
      severity,
      code: 'import-dockerfile-value',
      where,
      id,
      text: `${text}; the value is not taken`,
      hint,
    })
  }
}
