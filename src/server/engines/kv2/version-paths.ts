/** `delete/`, `undelete/` and `destroy/`: single versions of a key (vault-api 6.2). What is not there is passed over. */
import { type Description, invalidRequest } from '../../logical/index.ts'
import { type ChangeVersions, type Engine, KEY_PATH, type Operations } from './operations.ts'
import { versionsParameter } from './parameters.ts'
import { destroy, softDelete, undelete } from './versions.ts'

const FIELDS: Description['fields'] = {
  path: KEY_PATH,
  versions: { type: 'int-list', about: 'The versions that are meant, by number.' },
}

export const DELETE: Description = { about: 'Deletes versions; they can be brought back.', fields: FIELDS }
export const UNDELETE: Description = { about: 'Brings deleted versions back.', fields: FIELDS }
export const DESTROY: Description = { about: 'Takes versions away for good.', fields: FIELDS }

export function deleteOperations(engine: Engine): Operations {
  return onVersions(engine, 'No version number provided', (versions) => (meta, now) => softDelete(meta, versions, now))
}

export function undeleteOperations(engine: Engine): Operations {
  return onVersions(
    engine,
    'No version number provided',
    (versions) => (meta, now) => undelete(meta, versions, engine.config.current, now),
  )
}

export function destroyOperations(engine: Engine): Operations {
  return onVersions(engine, 'no version number provided', (versions) => (meta, now) => destroy(meta, versions, now))
}

function onVersions(
  engine: Engine,
  whenNone: string,
  plan: (versions: readonly number[]) => ChangeVersions,
): Operations {
  return {
    update: async ({ data }, path) => {
      const versions = versionsParameter(data)
      if (versions.length === 0) throw invalidRequest(whenNone)
      await engine.changeExisting(path, plan(versions))
      return { kind: 'none' }
    },
  }
}
