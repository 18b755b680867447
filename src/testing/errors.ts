/** What a test asked of its server and cannot have. Errors of the folders below (plenum.yaml, Vault) pass as they are. */
export type TestServerErrorCode =
  | 'testing-audit'
  | 'testing-clock'
  | 'testing-failure'
  | 'testing-hub'
  | 'testing-role'
  | 'testing-secrets'

/** Its messages name paths, ids and roles, never a value. */
export class TestServerError extends Error {
  override readonly name = 'TestServerError'
  readonly code: TestServerErrorCode

  constructor(code: TestServerErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}
