/** `plenum down`: stops the embedded server of a hub, and waits until it is gone. */
import { setTimeout as sleep } from 'node:timers/promises'
import { CommandError } from '../failure.ts'
import type { GlobalOptions } from '../globals.ts'
import { findHub, shown } from '../hub-file.ts'
import { runFolder } from '../run-folder.ts'
import { findRunning } from '../running.ts'
import type { Screen } from '../screen.ts'
import { isAlive } from '../server-file.ts'

const PATIENCE_MS = 15_000

export async function down(options: GlobalOptions, screen: Screen): Promise<number> {
  const folder = runFolder(findHub(options.hub).folder)
  const running = await findRunning(folder)
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
        hint: `look at ${shown(folder.serverLog)}; \`kill -9 ${running.pid}\` loses no acknowledged write`,
      })
    }
    await sleep(50)
  }
  screen.say(`stopped (process ${running.pid}); the data stays in ${shown(folder.vault)}`)
  screen.document({ stopped: true, pid: running.pid })
  return 0
}
