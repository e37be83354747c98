import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** A way to a database that can be cut. */
export type Relay = {
  /** The database's address by this way. */
  url: string
  /** Cuts the way; it is there again when everyone who cut it has mended it. */
  cut: (is: boolean) => void
  stop: () => Promise<void>
}

/** Opens a way to the database at `database_url`. */
export const openRelay = async (database_url: string): Promise<Relay> => {
  const { hostname, port } = new URL(database_url)
  const sockets = new Set<Socket>()
  let cuts = 0

  const server = createServer((near) => {
    if (cuts) return near.destroy()
    const far = connect(Number(port), hostname)
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(socket)
      socket.on('error', () => other.destroy())
      socket.on('close', () => {
        sockets.delete(socket)
        other.destroy()
      })
      socket.pipe(other)
    }
    return near
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))

  const url = new URL(database_url)
  url.hostname = '127.0.0.1'
  url.port = String((server.address() as AddressInfo).port)
  const breakAll = () => {
    for (const socket of sockets) socket.destroy()
  }
  return {
    url: url.href,
    cut(is) {
      cuts += is ? 1 : -1
      if (is) breakAll()
    },
    async stop() {
      breakAll()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
