/** `plenum down`: stops the embedded server of a hub, and waits until it is gone. */
import { setTimeout as sleep } from 'node:timers/promises'
import { CommandError } from '../failure.ts'
import { type GlobalOptions, screenOf } from '../globals.ts'
import { findHub } from '../hub-file.ts'
import { runFolder } from '../run-folder.ts'
import { isAlive, readServerFile } from '../server-file.ts'

const PATIENCE_MS = 15_000

export async function down(options: GlobalOptions): Promise<number> {
  const screen = screenOf(options)
  const folder = runFolder(findHub(options.hub).folder)
  const running = readServerFile(folder)
  if (running === undefined) {
    screen.say('not running')
    screen.document({ stopped: false })
    return 0
  }
  process.kill(running.pid, 'SIGTERM')
  const deadline = Date.now() + PATIENCE_MS
  while (isAlive(running.pid)) {
    if (Date.now() > deadline) {
      throw new CommandError('down-timeout', `process ${running.pid} did not stop within ${PATIENCE_MS / 1000} s`, {
        hint: `look at ${folder.serverLog}; \`kill -9 ${running.pid}\` loses no acknowledged write`,
      })
    }
    await sleep(50)
  }
  screen.say(`stopped (process ${running.pid}); the data stays in ${folder.vault}`)
  screen.document({ stopped: true, pid: running.pid })
  return 0
}
