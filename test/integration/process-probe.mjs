/**
 * Preloaded into a command's process (`node --import`): keeps what it removes, so that temporary files can be searched
 * afterwards, and makes it break where a test says so.
 *
 * PLENUM_PROBE_KEPT   folder for copies of what is removed
 * PLENUM_PROBE_BREAK  `uncaught` or `rejected`: an error that nobody catches as plenum.yaml is put in its place;
 *                     `disk`: the system refuses that
 */
import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { basename, join } from 'node:path'

const { PLENUM_PROBE_KEPT: kept, PLENUM_PROBE_BREAK: breaking } = process.env
const { copyFileSync, lstatSync, readdirSync, renameSync } = fs
let count = 0

function keep(path) {
  const found = lstatSync(path, { throwIfNoEntry: false })
  if (found?.isDirectory() === true) for (const name of readdirSync(path)) keep(join(path, name))
  if (found?.isFile() !== true) return
  count += 1
  copyFileSync(path, join(kept, `${process.pid}-${count}-${basename(path)}`))
}

if (kept !== undefined) {
  for (const [of, name] of [
    [fs, 'rmSync'],
    [fs, 'unlinkSync'],
    [fs, 'rm'],
    [fs, 'unlink'],
    [fs.promises, 'rm'],
    [fs.promises, 'unlink'],
  ]) {
    const remove = of[name]
    of[name] = (path, ...rest) => {
      keep(path)
      return remove.call(of, path, ...rest)
    }
  }
}

if (breaking !== undefined) {
  fs.renameSync = (from, to) => {
    if (!String(to).endsWith('plenum.yaml')) return renameSync(from, to)
    const forced = new Error('forced on the way')
    if (breaking === 'disk') throw Object.assign(forced, { code: 'EROFS', syscall: 'rename' })
    if (breaking === 'rejected') void Promise.reject(forced)
    else
      process.nextTick(() => {
        throw forced
      })
    return undefined
  }
}
syncBuiltinESMExports()
