import { once } from 'node:events'
import { createServer } from 'node:net'
import { Refusal } from './refusal.ts'

/** A loopback port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('a TCP server has a numbered address')
  return address.port
}

/** The port that `PORT` asks for, 8787 when it asks for none, a free one for 0; refuses one that cannot be taken. */
export async function wantedPort(setting = '8787'): Promise<number> {
  const port = Number(setting)
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new Refusal(`PORT is ${setting}: give 0 to 65535.`)
  if (port === 0) return freePort()
  const trouble = await troubleOf(port)
  if (trouble === 'EADDRINUSE') throw new Refusal(`Port ${port} is taken: stop what listens there, or set PORT.`)
  if (trouble) throw new Refusal(`Port ${port} cannot be opened (${trouble}): set PORT to another one.`)
  return port
}

async function troubleOf(port: number): Promise<string | undefined> {
  const server = createServer()
  const trouble = await new Promise<string | undefined>((settle) => {
    server.once('error', (error: NodeJS.ErrnoException) => settle(error.code ?? error.message))
    server.listen(port, '127.0.0.1', () => settle(undefined))
  })
  await new Promise<void>((closed) => server.close(() => closed()))
  return trouble
}
