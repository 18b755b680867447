/** `npm run soak`: installs, builds, and runs what tests endurance. Prints a report; changes no file. */
import { build, checkNode, installDependencies } from './setup.mjs'

checkNode()
installDependencies()
build()
await import('../soak/main.mjs')
