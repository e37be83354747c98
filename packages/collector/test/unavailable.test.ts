import { once } from 'node:events'
import pg from 'pg'
import { expect, test } from 'vitest'
import { migratedDatabase } from '../../../test/setup/migrated-database.ts'
import { isUnavailable } from '../src/store/unavailable.ts'

const opened = async () => {
  const { url, drop } = await migratedDatabase()
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  return { client, drop }
}
const askedOf = (client: pg.Client) => client.query('select 1').catch((failure: unknown) => failure)

test('a connection that broke before it was asked says that the database is away, and no more', async () => {
  const { client, drop } = await opened()
  client.on('error', () => {}) // it says so twice
  const broken = once(client, 'error')
  client.connection.stream.destroy(new Error('Connection terminated unexpectedly'))
  await broken
  expect(isUnavailable(await askedOf(client))).toBe(true)
  await drop()
})

test.for(['ECONNRESET', 'EPIPE', '57P03', '53300', '40001'])('%s passes', (code) => {
  expect(isUnavailable(Object.assign(new Error('write failed'), { code }))).toBe(true)
})

test('a statement that is wrong is wrong each time', async () => {
  const { client, drop } = await opened()
  expect(isUnavailable(await client.query('select nothing').catch((failure: unknown) => failure))).toBe(false)
  await client.end()
  await drop()
})
