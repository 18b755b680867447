/** Secrets of both KV versions, as things of the ledger. */

const filler = 'x'.repeat(200)
const MOST_VERSIONS = 10

/** State: `null`, or the number in it. */
export function kv1Secret(mount, name) {
  const path = `${mount}/${name}`
  return {
    name: path,
    first: null,
    next(state, random) {
      if (state !== null && random() < 0.25)
        return { label: `delete of ${state}`, to: null, send: (life) => life.must('DELETE', path) }
      const n = (state ?? 0) + 1 + random.below(1000)
      return { label: `write of ${n}`, to: n, send: (life) => life.must('POST', path, { n, filler }) }
    },
    async observe(life) {
      const { status, body } = await life.ask('GET', path)
      if (status === 404) return null
      return status === 200 && body.data.filler === filler ? body.data.n : { status, body }
    },
  }
}

/** State: `null`, or `{ mark, versions: [{ version, is: 'live' | 'deleted' | 'destroyed', n }] }`. */
export function kv2Secret(mount, name) {
  const data = `${mount}/data/${name}`
  const metadata = `${mount}/metadata/${name}`
  const newest = (state) => state?.versions.at(-1)
  const withVersion = (state, n) => ({
    mark: state?.mark ?? null,
    versions: [...(state?.versions ?? []), { version: (newest(state)?.version ?? 0) + 1, is: 'live', n }].slice(
      -MOST_VERSIONS,
    ),
  })
  const withIs = (state, version, is) => ({
    ...state,
    versions: state.versions.map((one) => (one.version === version ? { ...one, is } : one)),
  })
  /** [label, state that it leads to, how] */
  const changes = {
    write: (state, random) => {
      const n = random.below(1e9)
      const cas = newest(state)?.version ?? 0
      return [
        `write of ${n} with cas ${cas}`,
        withVersion(state, n),
        'POST',
        data,
        { options: { cas }, data: { n, filler } },
      ]
    },
    remove: (state) => ['delete of the newest', withIs(state, newest(state).version, 'deleted'), 'DELETE', data],
    removeOne: (state, random, { version }) => [
      `delete of ${version}`,
      withIs(state, version, 'deleted'),
      'POST',
      `${mount}/delete/${name}`,
      { versions: [version] },
    ],
    restore: (state, random, { version }) => [
      `undelete of ${version}`,
      withIs(state, version, 'live'),
      'POST',
      `${mount}/undelete/${name}`,
      { versions: [version] },
    ],
    destroy: (state, random, { version }) => [
      `destroy of ${version}`,
      withIs(state, version, 'destroyed'),
      'POST',
      `${mount}/destroy/${name}`,
      { versions: [version] },
    ],
    mark: (state, random) => {
      const mark = String(random.below(1e9))
      return [`metadata ${mark}`, { ...state, mark }, 'POST', metadata, { custom_metadata: { mark } }]
    },
    forget: () => ['delete of all', null, 'DELETE', metadata],
  }
  function choose(state, random) {
    if (state === null || random() < 0.5) return changes.write(state, random)
    const one = random.pick(state.versions)
    const roll = random()
    if (roll < 0.04) return changes.forget()
    if (roll < 0.3) return changes.mark(state, random)
    if (roll < 0.5 && newest(state).is === 'live') return changes.remove(state)
    if (roll < 0.7 && one.is === 'live') return changes.removeOne(state, random, one)
    if (one.is === 'deleted') return changes.restore(state, random, one)
    return one.is === 'destroyed' ? changes.write(state, random) : changes.destroy(state, random, one)
  }
  return {
    name: data,
    first: null,
    next(state, random) {
      const [label, to, method, path, body] = choose(state, random)
      return { label, to, send: (life) => life.must(method, path, body) }
    },
    /** What is deleted cannot be looked at. */
    show: (state) =>
      state === null
        ? null
        : { ...state, versions: state.versions.map((one) => (one.is === 'live' ? one : { ...one, n: null })) },
    async observe(life) {
      const { status, body } = await life.ask('GET', metadata)
      if (status === 404) return null
      if (status !== 200) return { status, body }
      const versions = []
      for (const [text, known] of Object.entries(body.data.versions)) {
        const version = Number(text)
        const is = known.destroyed ? 'destroyed' : known.deletion_time === '' ? 'live' : 'deleted'
        const read = is === 'live' ? await life.ask('GET', `${data}?version=${version}`) : undefined
        const sound = read === undefined || (read.status === 200 && read.body.data.data.filler === filler)
        versions.push(sound ? { version, is, n: read?.body.data.data.n ?? null } : { version, is, n: read })
      }
      return {
        mark: body.data.custom_metadata?.mark ?? null,
        versions: versions.toSorted((a, b) => a.version - b.version),
      }
    },
  }
}
