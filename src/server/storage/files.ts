/**
 * Files of a store: 0600 in a folder of 0700 whatever the umask (S14), on disk when a call returns.
 */
import {
  chmodSync,
  closeSync,
  fchmodSync,
  fsyncSync,
  mkdirSync,
  openSync,
  renameSync,
  statfsSync,
  statSync,
  writeSync,
} from 'node:fs'
import { dirname } from 'node:path'
import { systemCode } from './errors.ts'

const OTHERS = 0o077

/** Creates a folder that nobody else may enter, and those above it. One that is there already is closed to others. */
export function makePrivateFolder(path: string): void {
  const first = mkdirSync(path, { recursive: true, mode: 0o700 })
  // The umask may have taken rights away, and the folder may be older than this rule.
  if (first !== undefined || (statSync(path).mode & OTHERS) !== 0) chmodSync(path, 0o700)
  if (first !== undefined) syncFolder(dirname(first))
}

/** @throws when the file exists */
export function writeNewFile(path: string, text: string): void {
  writeFile(path, 'wx', text)
}

/**
 * The old content or the new, never something between. Only the holder of the store's lock calls it, so a draft that is
 * there was left by a crash.
 */
export function replaceFile(path: string, text: string): void {
  const draft = `${path}.tmp`
  writeFile(draft, 'w', text)
  renameSync(draft, path)
  syncFolder(dirname(path))
}

function writeFile(path: string, flags: 'w' | 'wx', text: string): void {
  const file = openSync(path, flags, 0o600)
  try {
    fchmodSync(file, 0o600)
    writeSync(file, text)
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}

/** Closes a file to others; no error when it is not there. */
export function makePrivateFile(path: string): void {
  try {
    if ((statSync(path).mode & OTHERS) !== 0) chmodSync(path, 0o600)
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw error
  }
}

/** What a process that is not root may still write on the disk that a folder lies on. */
export function freeBytes(folder: string): number {
  const { bavail, bsize } = statfsSync(folder)
  return bavail * bsize
}

/** What was written to it is on the disk. */
export function syncFile(path: string): void {
  const file = openSync(path, 'r+')
  try {
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}

/** A new or renamed file is only there after a crash when its folder has been synced. */
export function syncFolder(path: string): void {
  const folder = openSync(path, 'r')
  try {
    fsyncSync(folder)
  } finally {
    closeSync(folder)
  }
}
