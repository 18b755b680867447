/**
 * One life of a server process, from its start to its end, and requests to it.
 *
 * Invariant: a request that the end of the process cut off is `Gone`, whose outcome nobody knows; one that fails while the
 * process lives is an error like any other.
 */
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Pool } from 'undici'

const script = join(import.meta.dirname, '../test/integration/server-process.mjs')

/** The process ended before it answered. */
export class Gone extends Error {}

/** An answer that was no success. */
export class Refused extends Error {
  constructor(status, text) {
    super(text)
    this.status = status
  }
}

/** @typedef {{ status: number, body: any }} Answer */

export class Life {
  #child
  #pool
  #ended = false
  #killed = false
  /** Of root; of whoever else, as an argument. */
  token = ''
  said = ''

  constructor(place, options = {}) {
    this.place = place
    const args = [script, place.store, place.keyFile, JSON.stringify(options)]
    this.#child = spawn(place.command?.[0] ?? process.execPath, [...(place.command?.slice(1) ?? []), ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let out = ''
    this.ready = new Promise((resolve, reject) => {
      this.#child.stdout.on('data', (chunk) => {
        out += chunk
        const end = out.indexOf('\n')
        if (end === -1 || this.#pool !== undefined) return
        this.#pool = new Pool(out.slice(0, end), { connections: 64, pipelining: 1 })
        if (options.sealed !== true) this.token = JSON.parse(readFileSync(place.keyFile, 'utf8')).token
        this.address = out.slice(0, end)
        resolve(this)
      })
      this.#child.stderr.on('data', (chunk) => {
        this.said = (this.said + chunk).slice(-20_000)
      })
      this.gone = new Promise((done) => {
        this.#child.once('close', (code, signal) => {
          this.#ended = true
          reject(
            this.#killed ? new Gone() : new Error(`the server ended with ${code ?? signal}, unasked: ${this.said}`),
          )
          done({ code, signal })
        })
      })
    })
    // Whoever waits for it hears of it.
    this.ready.catch(() => undefined)
  }

  get pid() {
    return this.#child.pid
  }

  /** Reads its clock's file anew. */
  readClock() {
    this.#child.kill('SIGUSR2')
  }

  /** As a power cut does, but for what the kernel still has to write. Resolves when it is gone. */
  async kill() {
    this.#killed = true
    this.#child.kill('SIGKILL')
    await this.gone
    await this.#pool?.destroy()
  }

  async stop() {
    this.#killed = true
    this.#child.kill('SIGTERM')
    await this.gone
    await this.#pool?.destroy()
  }

  /** @returns {Promise<Answer>} */
  async ask(method, path, body, { token = this.token, headers = {} } = {}) {
    if (this.#killed || this.#ended) throw new Gone()
    try {
      const answer = await this.#pool.request({
        method,
        path: `/v1/${path}`,
        headers: { ...(token === '' ? {} : { 'x-vault-token': token }), ...headers },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
      const text = await answer.body.text()
      return { status: answer.statusCode, body: text === '' ? undefined : JSON.parse(text) }
    } catch (error) {
      if (this.#killed) throw new Gone()
      // It may be dead without our doing, and not yet known to be.
      await Promise.race([this.gone, new Promise((resolve) => setTimeout(resolve, 200))])
      throw new Error(
        `${method} ${path} failed ${this.#ended ? 'with the server' : 'while the server lives'}: ${this.said}`,
        {
          cause: error,
        },
      )
    }
  }

  /** For what has to succeed. */
  async must(method, path, body, options) {
    const answer = await this.ask(method, path, body, options)
    if (answer.status >= 300)
      throw new Refused(answer.status, `${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`)
    return answer.body
  }
}
