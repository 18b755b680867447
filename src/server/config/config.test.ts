import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseAddress, readServerConfig, type ServerConfig } from './index.ts'

function configOf(text: string): ServerConfig {
  const read = readServerConfig(text)
  if (read.kind === 'problems') throw new Error(read.problems.map(({ message }) => message).join('; '))
  return read.config
}

/** `2:3 message`, in order. */
function problemsOf(text: string): string[] {
  const read = readServerConfig(text)
  return read.kind === 'config' ? [] : read.problems.map(({ line, column, message }) => `${line}:${column} ${message}`)
}

const listener = (keys: string): string => `listener "tcp" {\n${keys}\n}`
const plain = { kind: 'tcp', host: '127.0.0.1', port: 8200, tls: undefined, forwardedFor: undefined }

describe('a configuration', () => {
  it('of one node, as Vault documents it', () => {
    const config = configOf(`
      ui            = true
      cluster_addr  = "https://127.0.0.1:8201"
      api_addr      = "https://127.0.0.1:8200"
      disable_mlock = true
      log_level     = "warn"
      pid_file      = "/run/plenum/server.pid"
      log_format    = "json"
      audit_reserve = 16
      default_lease_ttl = "24h"
      max_lease_ttl     = "768h"
      audit_folders     = ["/var/log/plenum"]

      storage "raft" {
        path    = "/opt/vault/data"
        node_id = "node1"
      }

      listener "tcp" {
        address       = "0.0.0.0:8200"
        tls_cert_file = "/opt/vault/tls/tls.crt"
        tls_key_file  = "/opt/vault/tls/tls.key"
        tls_min_version = "tls13"
      }
      listener "unix" {
        address     = "/run/vault.sock"
        socket_mode = "660"
        socket_user = "1000"
      }`)
    expect(config).toMatchObject({
      storage: { kind: 'folder', type: 'raft', path: '/opt/vault/data' },
      apiAddress: 'https://127.0.0.1:8200',
      logLevel: 'warn',
      pidFile: '/run/plenum/server.pid',
      logFormat: 'json',
      auditReserve: 16,
      leaseTtl: { default: 86_400, max: 2_764_800 },
      auditFolders: ['/var/log/plenum'],
      listeners: [
        {
          kind: 'tcp',
          host: '0.0.0.0',
          port: 8200,
          tls: {
            certificateFile: '/opt/vault/tls/tls.crt',
            keyFile: '/opt/vault/tls/tls.key',
            minVersion: 'TLSv1.3',
            clientCertificate: 'ask',
          },
        },
        { kind: 'unix', path: '/run/vault.sock', mode: 0o660, uid: 1000 },
      ],
    })
  })

  it('in JSON, with the older word for storage, as hvac writes it', () => {
    const config = configOf(
      JSON.stringify({
        backend: { inmem: {} },
        listener: { tcp: { tls_cert_file: 'c.pem', tls_key_file: 'k.pem', address: '127.0.0.1:41234' } },
        disable_mlock: true,
        default_lease_ttl: '768h',
        max_lease_ttl: '768h',
      }),
    )
    expect(config).toMatchObject({
      storage: { kind: 'memory', type: 'inmem' },
      listeners: [{ kind: 'tcp', port: 41_234, tls: { certificateFile: 'c.pem', keyFile: 'k.pem' } }],
    })
  })

  it('in JSON with a list of listeners', () => {
    const text = '{"listener": [{"tcp": {"tls_disable": 1}}, {"tcp": [{"tls_disable": "true", "address": ":1"}]}]}'
    expect(configOf(text).listeners).toMatchObject([plain, { ...plain, host: '0.0.0.0', port: 1 }])
  })

  it('is lenient with values as Vault is', () => {
    expect(configOf(`default_lease_ttl = 60\nmax_lease_ttl = "120"\n`).leaseTtl).toEqual({ default: 60, max: 120 })
    expect(configOf(listener('tls_disable = "1"')).listeners).toMatchObject([plain])
    expect(
      configOf(listener('tls_disable = true\nmax_request_size = 0\nmax_request_duration = "30s"')).listeners,
    ).toMatchObject([{ maxBodyBytes: undefined, requestTimeoutMs: 30_000 }])
  })

  it('reads whether metrics are for everybody', () => {
    const open = listener('tls_disable = true\ntelemetry {\n  unauthenticated_metrics_access = true\n}')
    expect(configOf(open).listeners).toMatchObject([{ openMetrics: true }])
    // The server's own block says how long to keep what is kept in any case.
    const usual = `telemetry {\n  disable_hostname = true\n}\n${listener('tls_disable = true')}`
    expect(configOf(usual).listeners).toMatchObject([{ openMetrics: false }])
  })

  it('reads who may speak for others', () => {
    const text = listener(
      'tls_disable = true\nx_forwarded_for_authorized_addrs = "10.0.0.0/8, ::1"\nx_forwarded_for_reject_not_authorized = true',
    )
    expect(configOf(text).listeners).toMatchObject([
      { forwardedFor: { trusted: ['10.0.0.0/8', '::1'], skipHops: 0, untrusted: 'reject', absent: 'ignore' } },
    ])
  })

  it('may be empty', () => {
    expect(configOf('')).toMatchObject({ storage: undefined, listeners: [], auditFolders: [] })
  })
})

describe('what is wrong', () => {
  it.each([
    ['ui = true\n  uii = true', '2:3 unknown key "uii"'],
    [listener('tls_disable = true\ntelemetry {\n  x = 1\n}'), '4:3 telemetry: unknown key "x"'],
    [listener('tls_disable = true\ntelemetry {}\ntelemetry {}'), '4:11 listener "tcp": telemetry is there twice'],
    ['seal "awskms" {}', '1:1 unknown key "seal"'],
    [
      'storage "consul" {}',
      '1:18 storage "consul": the embedded store stands for storage of type file, raft and inmem alone',
    ],
    ['storage "file" {}', '1:16 storage "file": path is missing: the folder of the store'],
    ['storage "inmem" {\n  path = "x"\n}', '2:3 storage "inmem": unknown key "path"'],
    ['storage "inmem" {}\nbackend "inmem" {}', '2:17 backend "inmem": there is one storage, and it is named already'],
    [
      'storage "raft" {\n path = "x"\n retry_join {\n leader_api_addr = "y"\n }\n}',
      '3:2 storage "raft": retry_join: there is one node here: for several, run a Vault or OpenBao cluster',
    ],
    ['storage = "file"', '1:11 storage needs a type and a block: storage "…" { … }'],
    ['listener "quic" {}', '1:17 listener "quic": there are listeners of type tcp and unix'],
    [
      listener('address = "127.0.0.1:8200"'),
      '1:16 listener "tcp": tls_cert_file is missing: name it, or say tls_disable = true for plain HTTP',
    ],
    [
      listener('tls_cert_file = "c"'),
      '1:16 listener "tcp": tls_key_file is missing: name it, or say tls_disable = true for plain HTTP',
    ],
    [listener('tls_disable = true\n port = 1'), '3:2 listener "tcp": unknown key "port"'],
    [listener('tls_disable = true\naddress = "localhost"'), '3:1 listener "tcp": address must be HOST:PORT'],
    [
      listener('tls_disable = "perhaps"\ntls_cert_file = "a"\ntls_key_file = "b"'),
      '2:15 listener "tcp": tls_disable must be true or false',
    ],
    [
      listener('tls_cert_file = "a"\ntls_key_file = "b"\ntls_min_version = "tls10"'),
      '4:1 listener "tcp": tls_min_version must be one of tls12, tls13',
    ],
    [
      listener('tls_cert_file = "a"\ntls_key_file = "b"\ntls_require_and_verify_client_cert = true'),
      '4:1 listener "tcp": tls_client_ca_file is missing: whose client certificates are to be required?',
    ],
    [
      listener('tls_disable = true\nx_forwarded_for_authorized_addrs = ["proxy"]'),
      '3:1 listener "tcp": x_forwarded_for_authorized_addrs must hold addresses and networks: "10.0.0.0/8"',
    ],
    ['listener "unix" {}', '1:17 listener "unix": address must be the path of the socket'],
    [
      'listener "unix" {\naddress = "s"\nsocket_mode = "9"\n}',
      '3:1 listener "unix": socket_mode must be three octal digits: "600"',
    ],
    [
      'ui = true\nui = false\nmax_lease_ttl = "1 day"',
      '3:17 max_lease_ttl must be a duration: "30s", "768h", or a number of seconds',
    ],
    ['default_lease_ttl = "2h"\nmax_lease_ttl = "1h"', '1:1 default_lease_ttl is longer than max_lease_ttl'],
    ['max_lease_ttl = 1\nmax_lease_ttl = 2', '2:1 max_lease_ttl is there twice'],
    ['pid_file = ""', '1:12 pid_file must be a text'],
    ['log_format = "text"', '1:1 log_format must be one of standard, json'],
    ['audit_reserve = "much"', '1:17 audit_reserve must be a whole number from 0 to 9999999'],
    ['log_level = "loud"', '1:1 log_level must be one of trace, debug, info, warn, error'],
    ['storage "file" {\n  path = "x"\n', '1:16 this { is not closed: add }'],
    ['{"ui": true,}', '1:13 expected a string in double quotes'],
  ])('%j', (text, problem) => {
    expect(problemsOf(text)).toEqual([problem])
  })

  it('is told all at once, in the order of the file', () => {
    expect(problemsOf('a = 1\nlog_level = "loud"\nb = 2')).toEqual([
      '1:1 unknown key "a"',
      '2:1 log_level must be one of trace, debug, info, warn, error',
      '3:1 unknown key "b"',
    ])
  })

  it('never ends in an exception, whatever the text', () => {
    const pieces = [
      'listener',
      'storage',
      '"tcp"',
      '"unix"',
      '"raft"',
      '{',
      '}',
      '[',
      ']',
      '=',
      'address',
      'path',
      'true',
    ]
    const text = fc.array(fc.oneof(fc.constantFrom(...pieces), fc.string({ maxLength: 4 }))).map((all) => all.join(' '))
    fc.assert(
      fc.property(text, (source) => {
        expect(['config', 'problems']).toContain(readServerConfig(source).kind)
      }),
      { numRuns: 2000 },
    )
  })
})

describe('an address', () => {
  it.each([
    ['127.0.0.1:8200', '127.0.0.1', 8200],
    ['[::1]:8200', '::1', 8200],
    [':8200', '0.0.0.0', 8200],
    ['localhost:0', 'localhost', 0],
  ])('%s', (text, host, port) => {
    expect(parseAddress(text)).toEqual({ host, port })
  })

  it.each(['8200', '127.0.0.1', '127.0.0.1:70000', '::1:8200', '[x]:1', 'a b:1', '', ':'])('is not "%s"', (text) => {
    expect(parseAddress(text)).toBeUndefined()
  })
})
