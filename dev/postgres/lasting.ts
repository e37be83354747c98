import { setTimeout as sleep } from 'node:timers/promises'
import { type Postgres, type PostgresOptions, startPostgres } from './postgres.ts'

const starts_max = 10
/** The processes of a server that was killed need a moment to notice. */
const wait_ms = 500

/**
 * As `startPostgres`, and started again on the same port when it ends by itself, ten times at most: what was accepted
 * meanwhile waits in workerd's queue, which would go with everything else. `exited` settles once it is over for good.
 */
export async function startLastingPostgres(options: PostgresOptions): Promise<Postgres> {
  let server = await startPostgres(options)
  const end = new AbortController()

  const last = async (): Promise<string> => {
    let reason = await server.exited
    for (let start = 0; start < starts_max && !end.signal.aborted; start++) {
      console.error('Postgres ended by itself: it is started again.')
      await sleep(wait_ms)
      try {
        server = await startPostgres({ ...options, port: server.port })
        if (end.signal.aborted) await server.stop()
        reason = await server.exited
      } catch (error) {
        reason = (error as Error).message
      }
    }
    return reason
  }

  const exited = last()
  const stop = async () => {
    end.abort()
    await server.stop()
    await exited
  }
  return { ...server, exited, stop }
}
