/** Hubs in one line for the tests of rules, and what is said of them. */
import { HEAD, load, messagesOf, project, type World } from '../hub-text.case.ts'

/** `severity code at path`, without the text. */
export function said(text: string, world: World = {}): string[] {
  return messagesOf(load(text, world)).map(({ severity, code, path }) => `${severity} ${code} at ${path}`)
}

export const connection = (fields: string): string => project(`connections:\n  a: { conn_type: x, ${fields} }`)
export const variable = (key: string, value = 'text'): string => project(`variables:\n  ${key}: ${value}`)
export const secret = (fields: string): string => project(`secrets:\n  a: ${fields}`)
export const hub = (head: string): string => `${head}\nprojects: { trading: { variables: { a: b } } }\n`
export const withVault = (vault: string): string => hub(`${HEAD}vault: ${vault}`)
export const prod = (target: string): string => hub(`${HEAD}environments:\n  prod:\n    vault: ${target}`)
/** Where all of them have what they are about. */
export const AT = 'projects.trading'
