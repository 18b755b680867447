/** What the server is doing and has done since it started: requests under way, and counts of answers. Holds no value. */
export interface RequestUnderWay {
  readonly id: string
  /** Unix milliseconds. */
  readonly start: number
  readonly address: string
  readonly port: number
  /** As in a URL: `/v1/sys/mounts`. */
  readonly path: string
  readonly method: string
}

/** `status` is its class: `2xx`. */
export interface AnswerCount {
  readonly operation: string
  readonly status: string
  readonly count: number
}

export class Activity {
  readonly #underWay = new Map<string, RequestUnderWay>()
  readonly #answers = new Map<string, { operation: string; status: string; count: number }>()
  #logins = 0

  begin(request: RequestUnderWay): void {
    this.#underWay.set(request.id, request)
  }

  end(id: string, operation: string, status: number): void {
    this.#underWay.delete(id)
    const kind = `${Math.floor(status / 100)}xx`
    const key = `${operation} ${kind}`
    const present = this.#answers.get(key)
    if (present === undefined) this.#answers.set(key, { operation, status: kind, count: 1 })
    else present.count += 1
  }

  loggedIn(): void {
    this.#logins += 1
  }

  get logins(): number {
    return this.#logins
  }

  underWay(): readonly RequestUnderWay[] {
    return [...this.#underWay.values()]
  }

  /** In a steady order. */
  answers(): readonly AnswerCount[] {
    return [...this.#answers.keys()].sort().flatMap((key) => this.#answers.get(key) ?? [])
  }
}
