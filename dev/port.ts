import { once } from 'node:events'
import { createServer } from 'node:net'

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

/** Why a loopback port cannot be taken, as the system names it (`EADDRINUSE`, `EACCES`); nothing when it is free. */
export async function portTrouble(port: number): Promise<string | undefined> {
  const server = createServer()
  const trouble = await new Promise<string | undefined>((settle) => {
    server.once('error', (error: NodeJS.ErrnoException) => settle(error.code ?? error.message))
    server.listen(port, '127.0.0.1', () => settle(undefined))
  })
  await new Promise<void>((closed) => server.close(() => closed()))
  return trouble
}
