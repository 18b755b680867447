/** `sys/generate-root` (vault-api 2). Raw JSON, as Vault answers it; unlike Vault's, it needs a token with sudo (D5, S16). */
import { type JsonObject, type LogicalResponse, type Route } from '../../logical/index.ts'
import { stringField } from '../../logical/fields.ts'
import type { RootGenerationPort, RootGenerationView } from './host.ts'
import { shareOf } from './rekey.ts'

export function generateRootRoutes(generation: RootGenerationPort): Route[] {
  return [
    {
      pattern: /generate-root\/attempt/,
      operations: {
        read: () => answer(generation.status()),
        update: async ({ data }) => {
          const wanted = stringField(data, 'otp') ?? ''
          const pgpKey = stringField(data, 'pgp_key') ?? ''
          // Who gives both gets the password's way, as in Vault.
          if (pgpKey !== '' && wanted === '') return answer(await generation.startFor(pgpKey))
          const { otp, ...view } = generation.start(wanted === '' ? undefined : wanted)
          return answer(view, { otp })
        },
        delete: () => {
          generation.cancel()
          return { kind: 'none' }
        },
      },
    },
    {
      pattern: /generate-root\/update/,
      operations: {
        update: async (request) => {
          const { complete, encodedToken, ...view } = await generation.submit(...shareOf(request))
          return answer(view, { complete, encoded_token: encodedToken, encoded_root_token: encodedToken })
        },
      },
    },
  ]
}

function answer(view: RootGenerationView, more: JsonObject = {}): LogicalResponse {
  const { nonce, started, progress, required, otpLength, pgpFingerprint } = view
  const data = {
    nonce,
    started,
    progress,
    required,
    complete: false,
    encoded_token: '',
    encoded_root_token: '',
    pgp_fingerprint: pgpFingerprint,
    otp: '',
    otp_length: otpLength,
    ...more,
  }
  return { kind: 'document', data }
}
