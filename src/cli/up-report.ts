/**
 * What `plenum up` did, as plain data (it travels from the detached process to the one that waits for it), and in words.
 */
import type { Drift, Paint, Plan } from '../plan/index.ts'
import { findingLines, verifyDocument, type VerifyReport, verifySums } from '../verify/index.ts'
import type { Application } from './application.ts'
import { applySummary, notDoneLines, problemLines } from './apply-words.ts'
import type { IssuedCredentials } from './credentials.ts'

export interface UpReport {
  readonly hub: string
  readonly environment: string
  readonly vault: {
    readonly kind: 'embedded' | 'remote'
    readonly address: string
    /** The folder with the embedded store, as shown. */
    readonly data: string | undefined
  }
  readonly apply: Application
  /** Left alone, with what a person may do about it: drifted, blocked, missing. */
  readonly leftAlone: readonly LeftAlone[]
  readonly credentials: IssuedCredentials
  readonly verify: VerifyReport
  readonly airflow: {
    /** As shown. */
    readonly file: string
    /** `AIRFLOW__SECRETS__BACKEND=…`; no secret. */
    readonly lines: readonly string[]
    /** A declared conn_id, to try. */
    readonly example: string | undefined
  }
}

export interface LeftAlone {
  /** `connection:project_trading_ibkr` */
  readonly address: string
  readonly text: string
  readonly hint: string | undefined
}

export function isAllWell({ apply, leftAlone, verify }: UpReport): boolean {
  return apply.notDone.length === 0 && apply.left === 0 && leftAlone.length === 0 && verify.ok
}

/** What a plan found and no apply will touch. */
export function leftAloneOf({ drifted, blocked, missing }: Plan): LeftAlone[] {
  return [
    ...blocked.map(({ address, text, hint }) => ({ address, text, hint })),
    ...drifted.map(({ address, reason, version }) => ({
      address,
      text: `${DRIFT_WORDS[reason]}${version === 0 ? '' : ` (version ${version})`}`,
      hint: '`plenum plan` shows what differs; with --overwrite it is written anew',
    })),
    ...missing.map((address) => ({
      address,
      text: 'is declared external and not in Vault',
      hint: 'whoever owns it has to write it',
    })),
  ]
}

const DRIFT_WORDS: Readonly<Record<Drift['reason'], string>> = {
  changed: 'changed in Vault since Plenum wrote it',
  foreign: 'was in Vault before Plenum and differs',
  'other-hub': 'was made by Plenum for another hub',
}

/** What is wrong, and nothing else: for `-q`. */
export function upProblems(report: UpReport, paint: Paint): string[] {
  return [...applyProblems(report, paint), ...findingLines(report.verify, paint)]
}

export function renderUp(report: UpReport, paint: Paint): string {
  return [
    ...vaultLines(report),
    ...applyLines(report, paint),
    ...verifyLines(report, paint),
    '',
    ...airflowLines(report),
  ].join('\n')
}

export function upDocument({ verify, ...rest }: UpReport): object {
  return { ...rest, verify: verifyDocument(verify) }
}

export const DEV_WARNING =
  'dev mode: NOT SAFE for production (the server unseals itself with a key in your configuration folder).'

const MARGIN = '  '
const COLUMN = 9

function block(label: string, [first = '', ...rest]: readonly string[]): string[] {
  return [`${MARGIN}${label.padEnd(COLUMN)}${first}`, ...rest.map((line) => `${MARGIN}${' '.repeat(COLUMN)}${line}`)]
}

function vaultLines({ vault: { kind, address, data } }: UpReport): string[] {
  const where = kind === 'embedded' ? `embedded at ${address}, unsealed` : address
  return block('vault', [data === undefined ? where : `${where}; data in ${data}`])
}

function applyLines(report: UpReport, paint: Paint): string[] {
  return block('apply', [applySummary(report.apply), ...applyProblems(report, paint)])
}

function applyProblems({ apply, leftAlone }: UpReport, paint: Paint): string[] {
  return [...notDoneLines(apply.notDone, paint), ...problemLines(leftAlone, paint.warn('!'), paint)]
}

function verifyLines({ verify }: UpReport, paint: Paint): string[] {
  return block('verify', [...verifySums(verify), ...findingLines(verify, paint)])
}

function airflowLines({ airflow: { file, lines, example } }: UpReport): string[] {
  return [
    `${MARGIN}Airflow's settings are in ${file}:`,
    ...lines.map((line) => `${MARGIN}${MARGIN}${line}`),
    `${MARGIN}Try:`,
    `${MARGIN}${MARGIN}set -a; . ${file}; set +a`,
    ...(example === undefined ? [] : [`${MARGIN}${MARGIN}airflow connections get ${example}`]),
  ]
}
