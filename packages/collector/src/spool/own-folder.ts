import { once } from 'node:events'
import { mkdir, unlink } from 'node:fs/promises'
import { connect, createServer, type Server } from 'node:net'
import { join } from 'node:path'

/**
 * Makes a folder this process's own, until it ends. Two that write to one spool would delete each other's files.
 *
 * The holder listens on a socket in the folder: it stops answering however the process ends, which a file with a process
 * id does not tell across containers. False where another process answers.
 */
export const ownFolder = async (folder: string): Promise<boolean> => {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const path = join(folder, 'owner.sock')
  if (await listens(path)) return true
  if (await answers(path)) return false
  await unlink(path)
  return listens(path)
}

/** The owner only answers; it does not keep the process alive. */
const listens = async (path: string): Promise<boolean> => {
  const server: Server = createServer((socket) => socket.end()).unref()
  const listening = once(server, 'listening').then(() => true)
  server.listen(path)
  return listening.catch((failure: NodeJS.ErrnoException) => {
    if (failure.code === 'EADDRINUSE') return false
    throw failure
  })
}

const answers = async (path: string): Promise<boolean> => {
  const socket = connect(path)
  const connected = once(socket, 'connect').then(
    () => true,
    () => false,
  )
  return connected.finally(() => socket.destroy())
}
