import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { root } from '../../../dev/command.ts'
import { pepper } from '../../cli/src/pepper.ts'

const folder = mkdtempSync(join(tmpdir(), 'balise-settings-'))
const file = join(folder, 'file')
writeFileSync(file, '')
const taken = createServer()
let taken_port: string
beforeAll(async () => {
  await once(taken.listen(0, '127.0.0.1'), 'listening')
  taken_port = String((taken.address() as AddressInfo).port)
})
afterAll(() => {
  taken.close()
  rmSync(folder, { recursive: true })
})

/** A Node process that would start, but for what a case sets otherwise; `undefined`: unset. Nothing is at its database. */
const start = (otherwise: NodeJS.ProcessEnv): Promise<{ code: number | null; said: string }> =>
  new Promise((resolve) => {
    const env = {
      ...process.env,
      DATABASE_URL: 'postgres://127.0.0.1:1/none',
      PEPPERS: pepper(),
      SHARES_DIR: join(folder, 'shares'),
      SPOOL_DIR: '',
      PORT: taken_port,
      ...otherwise,
    }
    const node = join(root, 'packages/collector/src/node.ts')
    const child = execFile(process.execPath, [node], { env, timeout: 20_000 }, (_failure, stdout, stderr) =>
      resolve({ code: child.exitCode, said: `${stdout}${stderr}` }),
    )
  })

describe('a setting that the Node process cannot start with is one sentence on what to do', () => {
  const how_to_pepper =
    'PEPPERS: Set it to 43 characters of base64url, or to several such, parted by commas. Make one: "balise pepper".'
  const where_shares_lie =
    'SHARES_DIR: Set it to a folder for halves of keys, outside the database and outside every backup, like /var/lib/balise/shares.'
  const unusable = (setting: string, path: string, code: string) =>
    `${setting}: ${path} cannot be used (${code}). Name a folder that this process may make or write to.`

  test.each<[says: string, otherwise: NodeJS.ProcessEnv, sentence: string]>([
    [
      'no DATABASE_URL',
      { DATABASE_URL: undefined },
      'DATABASE_URL: Set it to the database, like postgres://user:password@host/balise.',
    ],
    ['no PEPPERS', { PEPPERS: undefined }, how_to_pepper],
    ['PEPPERS that are too short', { PEPPERS: 'abc' }, how_to_pepper],
    ['one of two PEPPERS that is none', { PEPPERS: `${pepper()},` }, how_to_pepper],
    ['no SHARES_DIR', { SHARES_DIR: undefined }, where_shares_lie],
    ['an empty SHARES_DIR', { SHARES_DIR: '' }, where_shares_lie],
    ['a SHARES_DIR that is a file', { SHARES_DIR: file }, unusable('SHARES_DIR', file, 'EEXIST')],
    ['a SHARES_DIR in a file', { SHARES_DIR: join(file, 'in') }, unusable('SHARES_DIR', join(file, 'in'), 'ENOTDIR')],
    ['a SPOOL_DIR that is a file', { SPOOL_DIR: file }, unusable('SPOOL_DIR', file, 'EEXIST')],
  ])('%s', async (_says, otherwise, sentence) =>
    expect(await start(otherwise)).toEqual({ code: 1, said: `${sentence}\n` }),
  )

  test('a PORT that is taken, where all the rest is well', async () =>
    expect(await start({})).toEqual({ code: 1, said: `Port ${taken_port} is taken. Set PORT to another one.\n` }))
})
