/** What reads from another process take while something else goes on. */
import { spawn } from 'node:child_process'
import { join } from 'node:path'

/**
 * @param {{ url: string, token: string, perSecond?: number }} request
 * @param {() => Promise<T>} work
 * @returns {Promise<{ result: T, reads: number, bad: number, p50: number, p99: number, p999: number, longest: number }>} ms
 * @template T
 */
export async function readWhile({ url, token, perSecond = 200 }, work) {
  const request = JSON.stringify({ url, token, perSecond })
  const child = spawn(process.execPath, [join(import.meta.dirname, 'reader-process.mjs'), request], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  let out = ''
  child.stdout.on('data', (chunk) => {
    out += chunk
  })
  const closed = new Promise((resolve) => child.once('close', resolve))
  // It starts, and reads for a moment of which nothing else is asked.
  await new Promise((resolve) => setTimeout(resolve, 1500))
  try {
    const result = await work()
    child.stdin.end()
    await closed
    return { result, ...JSON.parse(out) }
  } catch (error) {
    child.kill('SIGKILL')
    throw error
  }
}
