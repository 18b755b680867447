/** Options that say which project an object goes to. */
import { Option } from 'commander'
import { several } from '../arguments.ts'

export function projectOptions(): Option[] {
  return [
    several('--project <rule>', 'PATTERN=PROJECT, or PROJECT for everything that no rule and no map assigns'),
    new Option('--project-map <file>', 'YAML, JSON or CSV file that maps ids or patterns to projects'),
    new Option('--dags <dir>', 'folder of DAGs: what only one of its subfolders mentions goes to that project'),
    new Option('--holding <project>', 'project of what nothing assigns').default('unassigned'),
  ]
}
