/**
 * Names of the hub, its projects and environments; and that there is something to manage.
 *
 * Hub and project are part of the names of policies and roles, which Vault compares in lower case: two projects that
 * differ in case would share a role. A hub name with `-project-` in it could name the policies of another hub.
 */
import type { Complaint, Spot } from '../messages.ts'
import type { RuleContext } from './rule.ts'

const NAME = /^[a-z0-9][a-z0-9_.-]{0,62}$/

/** For what brings projects that no file declares yet. */
export function isProjectName(name: string): boolean {
  return NAME.test(name)
}

export function checkNames({ draft, document, findings }: RuleContext): void {
  const { name, projects, environments } = draft.hub
  const say = (spot: Spot, complaint: Complaint | undefined): void => {
    if (complaint !== undefined) findings.error(spot, complaint)
  }
  say({ path: ['hub'], on: 'value' }, nameComplaint('the name of a hub', name) ?? hubComplaint(name))
  for (const environment of environments.keys()) {
    say({ path: ['environments', environment], on: 'key' }, nameComplaint('the name of an environment', environment))
  }
  for (const project of projects) {
    const path = ['projects', project.name]
    say({ path, on: 'key' }, nameComplaint('the name of a project', project.name))
    if (project.owner !== undefined && /\p{Cc}/u.test(project.owner)) {
      say(
        { path: [...path, 'owner'], on: 'value' },
        { code: 'hub-name', text: 'an owner is one line of visible characters' },
      )
    }
    const isEmpty = !['connections', 'variables', 'secrets'].some((section) => document.has([...path, section]))
    if (isEmpty) findings.warning({ path, on: 'key' }, EMPTY_PROJECT)
  }
  if (projects.length === 0 && document.has(['projects'])) say({ path: ['projects'], on: 'key' }, NO_PROJECTS)
}

const EMPTY_PROJECT: Complaint = {
  code: 'hub-empty-project',
  text: 'this project declares nothing',
  hint: 'give it connections, variables or secrets, or remove it',
}

const NO_PROJECTS: Complaint = {
  code: 'hub-no-projects',
  text: 'the hub has no project',
  hint: 'for example  projects: { my-project: { variables: { my_project_greeting: hello } } }',
}

function nameComplaint(what: string, name: string): Complaint | undefined {
  if (NAME.test(name)) return undefined
  const lower = name.toLowerCase()
  const hint = NAME.test(lower) ? `write ${lower}` : undefined
  return {
    code: 'hub-name',
    text: `${what} has lower-case letters, digits, _ . and -, begins with a letter or digit, and has at most 63 characters`,
    hint,
  }
}

function hubComplaint(name: string): Complaint | undefined {
  if (!/-project(?:-|$)/.test(name)) return undefined
  return {
    code: 'hub-name',
    text: 'the name of a hub may not hold "-project": policies of its projects and those of another hub could have one name',
    hint: `write ${name.replaceAll('-project', '_project')}`,
  }
}
