/**
 * The few statements that are asked, and where the engines differ in them.
 *
 * Rows are read in pages by id: memory stays bounded on every driver, and inside one transaction pages fit together.
 */
import { TEAM_ALIAS } from './cells.ts'
import type { TableName } from './database.ts'
import { NUMBERS, type Shape } from './tables.ts'

export interface Dialect {
  quote(name: string): string
  /** The n-th value, from 1. */
  placeholder(index: number): string
  /** A column that should be text, so that whatever is in it arrives whole. */
  text(column: string): string
  readonly locksRows: boolean
}

export const PAGE = 1_000

const double = (name: string): string => `"${name.replaceAll('"', '""')}"`
const backtick = (name: string): string => `\`${name.replaceAll('`', '``')}\``

export const POSTGRES: Dialect = {
  quote: double,
  placeholder: (index) => `$${index}`,
  text: (column) => column,
  locksRows: true,
}

/** A database without an encoding hands out any bytes, and the server would refuse them as text. */
export const POSTGRES_BYTES: Dialect = {
  ...POSTGRES,
  text: (column) => `convert_to(${column}::text, 'SQL_ASCII')`,
}

export const MYSQL: Dialect = { quote: backtick, placeholder: () => '?', text: (column) => column, locksRows: true }

/** As bytes: text from this driver ends at the first NUL, and what is no UTF-8 is replaced. */
export const SQLITE: Dialect = {
  quote: double,
  placeholder: () => '?',
  text: (column) => `CAST(${column} AS BLOB)`,
  locksRows: false,
}

/** Values: the id after which the page begins. */
export function selectPage(table: TableName, shape: Shape, dialect: Dialect): string {
  const team = shape.joinsTeams
    ? ` LEFT JOIN ${tableName('team', shape, dialect)} t ON t.${dialect.quote('id')} = r.${dialect.quote('team_id')}`
    : ''
  const id = `r.${dialect.quote('id')}`
  return `SELECT ${columnList(table, shape, dialect)} FROM ${tableName(table, shape, dialect)} r${team} WHERE ${id} > ${dialect.placeholder(1)} ORDER BY ${id} LIMIT ${PAGE}`
}

/** Values: the id. The row stays as it is until the transaction ends. */
export function selectForUpdate(table: TableName, shape: Shape, dialect: Dialect): string {
  const plain = { ...shape, joinsTeams: false }
  return `SELECT ${columnList(table, plain, dialect)} FROM ${tableName(table, shape, dialect)} r WHERE r.${dialect.quote('id')} = ${dialect.placeholder(1)}${dialect.locksRows ? ' FOR UPDATE' : ''}`
}

/** Values: those of `columns`, then the id. */
export function updateRow(table: TableName, columns: readonly string[], shape: Shape, dialect: Dialect): string {
  const set = columns.map((name, index) => `${dialect.quote(name)} = ${dialect.placeholder(index + 1)}`)
  return `UPDATE ${tableName(table, shape, dialect)} SET ${set.join(', ')} WHERE ${dialect.quote('id')} = ${dialect.placeholder(columns.length + 1)}`
}

/** Values: the id, then those of `columns`. */
export function insertRow(table: TableName, columns: readonly string[], shape: Shape, dialect: Dialect): string {
  const names = ['id', ...columns]
  return `INSERT INTO ${tableName(table, shape, dialect)} (${names.map((name) => dialect.quote(name)).join(', ')}) VALUES (${names.map((_, index) => dialect.placeholder(index + 1)).join(', ')})`
}

/** Values: the id. */
export function deleteRow(table: TableName, shape: Shape, dialect: Dialect): string {
  return `DELETE FROM ${tableName(table, shape, dialect)} WHERE ${dialect.quote('id')} = ${dialect.placeholder(1)}`
}

function tableName(table: string, { schema }: Shape, dialect: Dialect): string {
  return schema === undefined ? dialect.quote(table) : `${dialect.quote(schema)}.${dialect.quote(table)}`
}

function columnList(table: TableName, shape: Shape, dialect: Dialect): string {
  const own = ['id', ...shape.columns[table]].map((name) => {
    const column = `r.${dialect.quote(name)}`
    return `${NUMBERS.has(name) ? column : dialect.text(column)} AS ${dialect.quote(name)}`
  })
  const team = shape.joinsTeams ? [`${dialect.text(`t.${dialect.quote('name')}`)} AS ${dialect.quote(TEAM_ALIAS)}`] : []
  return [...own, ...team].join(', ')
}
