/**
 * Names that Airflow itself takes for names of secrets (airflow 3.4): extra keys and variable keys with such a part are
 * masked in its logs and UI. The list is the one of Airflow 3.3.2; 2.11.2 has a shorter one.
 *
 * It is a floor, not proof: a password under another name stays unnoticed.
 */

const PARTS = [
  'access_key',
  'access_token',
  'api_key',
  'apikey',
  'auth_header',
  'authorization',
  'bearer',
  'connection_string',
  'dsn',
  'keyfile_dict',
  'passphrase',
  'passwd',
  'password',
  'private_key',
  'proxies',
  'proxy',
  'secret',
  'service_account',
  'service_key',
  'token',
  'webhook_url',
] as const

/** Case does not matter, and any punctuation counts as `_`: `X-API-Key` holds `api_key`. */
export function isSensitiveName(name: string): boolean {
  const normal = name
    .trim()
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}_]+/gu, '_')
  return PARTS.some((part) => normal.includes(part))
}
