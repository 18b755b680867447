/** A part of `npm run soak`, at the length that its arguments say. */
import { spawn } from 'node:child_process'
import { join } from 'node:path'

const main = join(import.meta.dirname, '../../soak/main.mjs')

/** @throws with all that it said when it did not end well */
export function soak(...args: readonly string[]): Promise<{ readonly report: string; readonly progress: string }> {
  const child = spawn(process.execPath, [main, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  let report = ''
  let progress = ''
  child.stdout.on('data', (chunk: Buffer) => {
    report += chunk.toString()
  })
  child.stderr.on('data', (chunk: Buffer) => {
    progress += chunk.toString()
  })
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => {
      if (code === 0) resolve({ report, progress })
      else reject(new Error(`soak ${args.join(' ')} ended with ${code ?? signal}:\n${progress}\n${report}`))
    })
  })
}
