/** What the user may not do, and a full disk: refused with what to do about it, nothing lost. It runs the built package. */
import { spawnSync } from 'node:child_process'
import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  type Place,
  expectRefusal,
  goodPlace,
  keyFile,
  main,
  newPlace,
  plenum,
  UP,
  useGoodPlace,
  work,
} from './hub-place.case.ts'

useGoodPlace()

const OTHER_USER = 65_533

/** Why nothing can be run here as somebody who is not root; undefined when it can. */
function whyNoOtherUser(): string | undefined {
  if (process.getuid?.() !== 0) return 'needs root, to become another user'
  const tried = spawnSync('setpriv', [`--reuid=${OTHER_USER}`, '--clear-groups', process.execPath, main, '--version'])
  return tried.status === 0 ? undefined : 'needs setpriv, and a folder that other users may enter'
}

describe('what the user may not do', () => {
  const why = whyNoOtherUser()

  it.for<{ name: string; args?: readonly string[]; forbid: (place: Place) => void; message: RegExp }>([
    {
      name: 'write into the hub’s folder',
      forbid: ({ hub, run }) => {
        rmSync(run, { recursive: true })
        chownSync(hub, 0, 0)
      },
      message: /EACCES: permission denied, mkdir '.*\.plenum'\n +see who owns it/,
    },
    {
      name: 'read plenum.yaml',
      args: ['plan'],
      forbid: ({ hub }) => {
        chownSync(join(hub, 'plenum.yaml'), 0, 0)
        chmodSync(join(hub, 'plenum.yaml'), 0o600)
      },
      message: /plenum\.yaml cannot be read: EACCES.*\n +see who owns it/,
    },
    {
      name: 'use a .plenum of somebody else',
      forbid: ({ run }) => chownSync(run, 0, 0),
      message: /EPERM: operation not permitted, chmod '.*\.plenum'\n +see who owns it/,
    },
    {
      name: 'write the audit file',
      forbid: ({ run }) => chownSync(join(run, 'audit.log'), 0, 0),
      message: /cannot open the audit log .*EACCES.*\n +nothing is done that cannot be audited/,
    },
    {
      name: 'open the store',
      forbid: ({ vault }) => chownSync(join(vault, 'data.mdb'), 0, 0),
      message: /the store .* cannot be opened: .*this user owns/,
    },
    {
      name: 'read the key',
      forbid: (place) => chownSync(keyFile(place), 0, 0),
      message: /cannot read the key file .*EACCES.*\n +see who owns it/,
    },
    {
      name: 'write a new key',
      forbid: ({ run, home }) => {
        rmSync(run, { recursive: true })
        rmSync(join(home, 'config'), { recursive: true })
        chownSync(home, 0, 0)
      },
      message: /cannot write the key file .*EACCES.*\n +see who owns that folder/,
    },
  ])('$name', async ({ args = UP, forbid, message }, { skip }) => {
    if (why !== undefined) skip(why)
    const place = goodPlace()
    for (const name of readdirSync(dirname(place.hub), { recursive: true, encoding: 'utf8' })) {
      chownSync(join(dirname(place.hub), name), OTHER_USER, OTHER_USER)
    }
    forbid(place)
    const files = () => readdirSync(dirname(place.hub), { recursive: true }).length
    const before = files()
    expectRefusal(await plenum(place, args, { uid: OTHER_USER }), { message })
    // A store that was to be made may have its folder by then, and nothing else.
    expect(files() - before).toBeLessThan(7)
    expect(existsSync(join(place.run, 'server.json'))).toBe(false)
  })
})

describe('a full disk', () => {
  const disk = join(work, 'disk')
  const KIB = 1024
  const fill = (kib: number): void => {
    try {
      writeFileSync(join(disk, 'ballast'), Buffer.alloc(kib * KIB))
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error
    }
  }
  const free = (): void => rmSync(join(disk, 'ballast'), { force: true })

  /** Why there is no small disk to fill; undefined when there is one. */
  function mountDisk(): string | undefined {
    mkdirSync(disk, { recursive: true })
    if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'needs root on Linux, to mount a small disk'
    const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'plenum-test', disk])
    return status === 0 ? undefined : 'needs the right to mount a small disk'
  }

  let why: string | undefined
  beforeAll(() => {
    why = mountDisk()
  })
  afterAll(() => {
    if (why === undefined) spawnSync('umount', [disk])
  })

  it.for([2044, 2000, 1700, 1450])(
    'with %i KiB of 2048 taken: no start, and a good one once there is room',
    async (kib, { skip }) => {
      if (why !== undefined) skip(why)
      const place = newPlace(disk)
      fill(kib)
      expectRefusal(await plenum(place, [...UP, '--detach']), { message: /no space left/ })
      free()
      expect(await plenum(place, [...UP, '--detach'])).toMatchObject({ status: 0, stderr: '' })
      expect((await plenum(place, ['plan'])).stdout).toMatch(/^no changes/)
      expect((await plenum(place, ['down', '-q'])).status).toBe(0)
      rmSync(dirname(place.hub), { recursive: true })
    },
  )

  it('while the server runs: requests are refused, nothing ends, and it goes on once there is room', async ({
    skip,
  }) => {
    if (why !== undefined) skip(why)
    const place = newPlace(disk)
    expect((await plenum(place, [...UP, '--detach'])).status).toBe(0)
    try {
      fill(4000)
      for (let n = 0; n < 3; n += 1) {
        const { status, stderr } = await plenum(place, ['plan'])
        expect([status, stderr]).toEqual([1, expect.stringMatching(/500 internal error.*\n +.*server\.log/)])
      }
      free()
      expect((await plenum(place, ['plan'])).stdout).toMatch(/^no changes/)
    } finally {
      free()
      expect((await plenum(place, ['down', '-q'])).status).toBe(0)
    }
  })
})
