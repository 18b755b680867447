import { describe, expect, it } from 'vitest'
import { readDeviceSettings } from './device-settings.ts'

const target = (type: string, options: Record<string, string>) => readDeviceSettings(type, options).target

describe('the settings of an audit device', () => {
  it.each<[string, Record<string, string>, object]>([
    ['file', { file_path: '/log/a' }, { kind: 'file', path: '/log/a', mode: undefined }],
    ['file', { path: 'a', mode: '0640' }, { kind: 'file', path: 'a', mode: 0o640 }],
    ['file', { file_path: 'a', mode: '0000' }, { kind: 'file', path: 'a', mode: 0 }],
    ['file', { file_path: 'a', mode: '' }, { kind: 'file', path: 'a', mode: undefined }],
    ['file', { file_path: 'STDOUT' }, { kind: 'stdout' }],
    ['file', { file_path: 'discard' }, { kind: 'discard' }],
    [
      'socket',
      { address: 'logs.example.com:9090' },
      { kind: 'socket', address: { kind: 'tcp', host: 'logs.example.com', port: 9090 }, timeoutMs: 2000 },
    ],
    [
      'socket',
      { address: '[::1]:514', socket_type: 'udp', write_timeout: '500ms' },
      { kind: 'socket', address: { kind: 'udp', host: '::1', port: 514 }, timeoutMs: 500 },
    ],
    [
      'socket',
      { address: ':9090', write_timeout: '3' },
      { kind: 'socket', address: { kind: 'tcp', host: 'localhost', port: 9090 }, timeoutMs: 3000 },
    ],
    [
      'socket',
      { address: '/run/a.sock', socket_type: 'unix' },
      { kind: 'socket', address: { kind: 'unix', path: '/run/a.sock' }, timeoutMs: 2000 },
    ],
    ['syslog', {}, { kind: 'syslog', facility: 'auth', tag: 'vault' }],
    ['syslog', { facility: 'LOCAL3', tag: 'hub-1' }, { kind: 'syslog', facility: 'local3', tag: 'hub-1' }],
  ])('of %s %j', (type, options, expected) => {
    expect(target(type, options)).toEqual(expected)
  })

  it.each<[string, Record<string, string>, string]>([
    ['kafka', {}, 'unknown backend type: "kafka"'],
    ['file', {}, 'file_path is required'],
    ['file', { file_path: 'a', mode: '0888' }, 'mode must be octal permission bits, for example 0600'],
    ['file', { file_path: 'a', mode: '4755' }, 'mode must be octal permission bits, for example 0600'],
    ['file', { file_path: 'a', format: 'jsonx' }, 'only the format json is supported'],
    ['file', { file_path: 'a', hmac_accessor: 'maybe' }, 'error converting input for field "hmac_accessor"'],
    ['socket', {}, 'address is required'],
    ['socket', { address: 'localhost' }, 'address must be a host and a port'],
    ['socket', { address: 'localhost:0' }, 'address must be a host and a port'],
    ['socket', { address: 'localhost:70000' }, 'address must be a host and a port'],
    ['socket', { address: 'a:1', socket_type: 'tcp7' }, 'socket_type must be tcp, udp or unix'],
    ['socket', { address: 'a:1', write_timeout: '0' }, 'write_timeout must be a duration above 0'],
    ['socket', { address: 'a:1', write_timeout: 'soon' }, 'write_timeout must be a duration above 0'],
    ['syslog', { facility: 'planted' }, 'facility must be one of syslog'],
    ['syslog', { tag: 'two words' }, 'tag must be 1 to 64 letters'],
  ])('refuses %s %j', (type, options, text) => {
    expect(() => target(type, options)).toThrow(text)
  })

  it('of the entries: the defaults, and all of them changed', () => {
    expect(readDeviceSettings('file', { file_path: 'a' })).toMatchObject({
      entries: { hmacAccessor: true, elideListResponses: false, logRaw: false, prefix: '' },
      skipTest: false,
    })
    const changed = {
      file_path: 'a',
      hmac_accessor: 'false',
      elide_list_responses: '1',
      log_raw: 'true',
      prefix: 'p ',
      skip_test: 'true',
      format: 'json',
    }
    expect(readDeviceSettings('file', changed)).toMatchObject({
      entries: { hmacAccessor: false, elideListResponses: true, logRaw: true, prefix: 'p ' },
      skipTest: true,
    })
  })
})
