/**
 * Damages copies of a store, opens each as a server does and reads all that was in it. For store-damage.test.ts.
 *
 *     node store-damage.mjs FOLDER SEED COUNT [FROM]
 *
 * Prints one line a case: `<number> <damage> begins`, then `<number> refused|served <details as JSON>`. A line that begins and
 * has no end is a case that ended the process. FOLDER is for its own use.
 */
import { cpSync, mkdirSync, readFileSync, rmSync, truncateSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { startServer } from '../../dist/server/index.js'
import { randomOf } from '../../soak/random.mjs'

const [folder = '', seed = '1', count = '60', from = '0'] = process.argv.slice(2)
const PAGE = 4096
const SECRETS = 60

async function open(store, errors = []) {
  return startServer({
    storage: { kind: 'lmdb', folder: store },
    onInternalError: (error) => errors.push(error.code ?? error.message),
    port: 0,
  })
}

const ask = (server, token, method, path, body) =>
  server.answer({
    method,
    path: `/v1/${path}`,
    headers: { 'x-vault-token': token },
    body: body === undefined ? undefined : JSON.stringify(body),
  })

/** A store with some of everything, and an older copy of it. */
async function makeStore(name) {
  const store = join(folder, name)
  const server = await open(store)
  const { keys, rootToken: token } = await server.core.initialize({ shares: 1, threshold: 1 })
  const key = Buffer.from(keys[0])
  await server.core.unsealWithKey(Buffer.from(key))
  const must = async (...call) => {
    const answer = await ask(server, token, ...call)
    if (answer.status >= 300) throw new Error(`${call[1]}: ${answer.text}`)
    return answer
  }
  const right = new Map()
  await must('POST', 'sys/mounts/one', { type: 'kv', options: { version: '1' } })
  await must('POST', 'sys/mounts/two', { type: 'kv', options: { version: '2' } })
  const write = async (round) => {
    for (let n = 0; n < SECRETS; n += 1) {
      const text = `${name}-${round}-${n}`
      await must('POST', `one/${n % 5}/${n}`, { text })
      await must('POST', `two/data/${n % 5}/${n}`, { data: { text } })
      await must('POST', `sys/policies/acl/p${n}`, { policy: `path "${text}" { capabilities = ["read"] }` })
      right.set(`one/${n % 5}/${n}`, text)
      right.set(`two/data/${n % 5}/${n}`, text)
      right.set(`sys/policies/acl/p${n}`, text)
    }
  }
  await write('old')
  await server.close()
  const old = readFileSync(join(store, 'data.mdb'))
  const again = await open(store)
  await again.core.unsealWithKey(Buffer.from(key))
  const more = (...call) => ask(again, token, ...call)
  for (const [path] of right) {
    const text = `${name}-new-${path}`
    const body = path.startsWith('two')
      ? { data: { text } }
      : path.startsWith('one')
        ? { text }
        : { policy: `path "${text}" { capabilities = ["read"] }` }
    const answer = await more('POST', path, body)
    if (answer.status >= 300) throw new Error(answer.text)
    right.set(path, text)
  }
  await again.close()
  return { store, key, token, right, old, data: readFileSync(join(store, 'data.mdb')) }
}

const DAMAGES = {
  'one bit': ({ data }, random) => {
    data[random.below(data.length)] ^= 1 << random.below(8)
    return data
  },
  'eight bits': ({ data }, random) => {
    for (let n = 0; n < 8; n += 1) data[random.below(data.length)] ^= 1 << random.below(8)
    return data
  },
  'a page zeroed': ({ data }, random) => {
    const at = random.below(data.length / PAGE) * PAGE
    return data.fill(0, at, at + PAGE)
  },
  'a page of noise': ({ data }, random) => {
    const at = random.below(data.length / PAGE) * PAGE
    for (let n = at; n < at + PAGE; n += 1) data[n] = random.below(256)
    return data
  },
  'two pages swapped': ({ data }, random) => {
    const [one, two] = [random.below(data.length / PAGE), random.below(data.length / PAGE)].map((page) => page * PAGE)
    const kept = Buffer.from(data.subarray(one, one + PAGE))
    data.copy(data, one, two, two + PAGE)
    kept.copy(data, two)
    return data
  },
  // But for the two headers: with the older of them it is an older store, and whole.
  'an older page': ({ data, old }, random) => {
    const at = (2 + random.below(Math.min(data.length, old.length) / PAGE - 2)) * PAGE
    old.copy(data, at, at, at + PAGE)
    return data
  },
  "another store's page": ({ data, other }, random) => {
    const at = random.below(Math.min(data.length, other.length) / PAGE) * PAGE
    other.copy(data, at, at, at + PAGE)
    return data
  },
  'cut off': ({ data }, random) => data.subarray(0, random.below(data.length)),
}

mkdirSync(folder, { recursive: true })
const whole = await makeStore('whole')
const other = await makeStore('other')
const copy = join(folder, 'copy')

async function look(errors) {
  const server = await open(copy, errors)
  try {
    await server.core.unsealWithKey(Buffer.from(whole.key))
    const counts = { right: 0, refused: 0, wrong: [], absent: [] }
    for (const [path, text] of whole.right) {
      const { status, text: answer } = await ask(server, whole.token, 'GET', path)
      if (status === 404) counts.absent.push(path)
      else if (status !== 200) counts.refused += 1
      else if (answer.includes(text)) counts.right += 1
      else counts.wrong.push(path)
    }
    // Pages that are free are used again, which is where damage in their list would show.
    for (let n = 0; n < 30 && counts.refused === 0; n += 1) {
      const { status } = await ask(server, whole.token, 'POST', `one/after/${n}`, { text: 'after'.repeat(1000) })
      if (status !== 204) counts.refused += 1
    }
    return counts
  } finally {
    await server.close()
  }
}

const say = (text) => writeSync(1, `${text}\n`)
for (let number = Number(from); number < Number(count); number += 1) {
  const random = randomOf(seed, `damage ${number}`)
  const damage = random.pick(Object.keys(DAMAGES))
  say(`${number} ${damage} begins`)
  rmSync(copy, { recursive: true, force: true })
  cpSync(whole.store, copy, { recursive: true })
  const damaged = DAMAGES[damage]({ data: Buffer.from(whole.data), old: whole.old, other: other.data }, random)
  truncateSync(join(copy, 'data.mdb'))
  writeFileSync(join(copy, 'data.mdb'), damaged)
  const errors = []
  try {
    say(`${number} served ${JSON.stringify({ ...(await look(errors)), errors: [...new Set(errors)] })}`)
  } catch (error) {
    say(`${number} refused ${JSON.stringify({ code: error.code, text: error.message })}`)
  }
}
