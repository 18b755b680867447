/** `sys/config/ui/headers`: headers for a user interface that this server does not have. None is kept (vault-api 4.4). */
import { invalidRequest, type Route } from '../../logical/index.ts'

export const uiHeaderRoutes: readonly Route[] = [
  { pattern: /config\/ui\/headers\/?/, operations: { list: () => ({ kind: 'list', keys: [] }) } },
  {
    pattern: /config\/ui\/headers\/(?<name>[^/]+)/,
    operations: {
      read: () => ({ kind: 'none' }),
      update: () => {
        throw invalidRequest('there is no user interface here that this header could be sent with')
      },
      delete: () => ({ kind: 'none' }),
    },
  },
]
