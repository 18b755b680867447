/** `npm run bench`: installs, builds, and measures. Prints tables; changes no file. */
import { build, checkNode, installDependencies } from './setup.mjs'

checkNode()
installDependencies()
build()
await import('../bench/main.mjs')
