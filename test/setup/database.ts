import { randomBytes } from 'node:crypto'
import { Client } from 'pg'
import { inject } from 'vitest'
import type {} from './postgres.ts'

/** An empty database of its own on the run's Postgres. */
export type FreshDatabase = { url: string; drop(): Promise<void> }

/** Makes a database that nobody else sees; `drop` removes it, cutting whoever is still connected. */
export async function freshDatabase(): Promise<FreshDatabase> {
  const server_url = inject('database_url')
  const name = `test_${randomBytes(6).toString('hex')}`
  await tell(server_url, `create database ${name}`)
  const url = new URL(server_url)
  url.pathname = `/${name}`
  return { url: url.href, drop: () => tell(server_url, `drop database ${name} with (force)`) }
}

async function tell(server_url: string, statement: string): Promise<void> {
  const client = new Client({ connectionString: server_url })
  await client.connect()
  try {
    await client.query(statement)
  } finally {
    await client.end()
  }
}
