/** Writes `plenum.schema.json`, the JSON Schema of plenum.yaml for editors, from the schema that the program itself uses. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { build, root } from './setup.mjs'

build()
const { hubJsonSchema } = await import(pathToFileURL(join(root, 'dist/hub/index.js')).href)
writeFileSync(join(root, 'plenum.schema.json'), `${JSON.stringify(hubJsonSchema(), undefined, 2)}\n`)
