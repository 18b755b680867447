/** `npm start`: installs, builds, and runs `plenum up` on the example. Arguments after `--` go to `plenum up`. */
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { build, checkNode, installDependencies, root } from './setup.mjs'

checkNode()
installDependencies()
build()
process.argv = [process.argv[0], 'plenum', 'up', '--hub', join(root, 'examples/hub'), ...process.argv.slice(2)]
await import(pathToFileURL(join(root, 'dist/cli/main.js')).href)
