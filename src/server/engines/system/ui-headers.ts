/** `sys/config/ui/headers`: headers for a user interface that this server does not have. None is kept (vault-api 4.4). */
import { invalidRequest, type Route } from '../../logical/index.ts'

export const uiHeaderRoutes: readonly Route[] = [
  {
    pattern: /config\/ui\/headers\/?/,
    about: 'Headers of the user interface: there is none.',
    fields: {},
    operations: { list: () => ({ kind: 'list', keys: [] }) },
  },
  {
    pattern: /config\/ui\/headers\/(?<header>[^/]+)/,
    about: 'A header of the user interface: refused, as there is none.',
    fields: { header: { type: 'string', in: 'path', about: 'The name of the header.' } },
    operations: {
      read: () => ({ kind: 'none' }),
      update: () => {
        throw invalidRequest('there is no user interface here that this header could be sent with')
      },
      delete: () => ({ kind: 'none' }),
    },
  },
]
