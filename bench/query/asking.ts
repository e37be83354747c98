import { createTokenFor } from '@balise/cli/token'
import { createCollector } from '@balise/collector/collector'
import { nodeKeyOf } from '@balise/collector/keys/node-key'
import type { ShareVault } from '@balise/collector/keys/share-vault'
import { unlimited } from '@balise/collector/limits/allow'
import { storeEvents } from '@balise/collector/store/events'
import { createPlacement, home } from '@balise/collector/store/placement'
import { openPostgresDoor } from '@balise/collector/store/postgres'
import type { Answer } from '@balise/shared/stats/answer'
import type { Question } from '@balise/shared/stats/query'

/** An answer's rows, each `[...dimensions, ...metrics]`, and how long the collector took. */
export type Timed = { ms: number; rows: (string | number | null)[][] }

/** A collector as `node.ts` makes it, but for the socket: requests go to its `fetch`. Its clock stands still at `now`. */
export type Asking = Awaited<ReturnType<typeof openAsking>>

const peer = { ip: '203.0.113.7', place: {} }

/** Opens an {@link Asking} on a database; what it made there, a token, is revoked when it closes. */
export const openAsking = async (url: string, now: () => Date) => {
  const door = openPostgresDoor({
    url,
    connections_max: 10,
    questions_max: 4,
    statement_ms_max: 600_000,
    onBreak: ({ message }) => console.error(message),
  })
  const { database } = door
  const doors = new Map([[home, door]])
  const collector = createCollector({
    doors,
    placement: createPlacement(doors),
    vault: createMemoryVault(),
    keyOf: nodeKeyOf,
    peppers: [nodeKeyOf(crypto.getRandomValues(new Uint8Array(32)))],
    // As behind a queue: what is stored is not folded, since it is taken away again.
    deliver: (delivery) => storeEvents(database, delivery).then(() => null),
    limits: unlimited,
    now,
    report: (failure) => console.error(failure.message),
    version: 'bench',
  })
  const token = await createTokenFor(url, { site: 'bench', scopes: ['query'], label: 'bench' })

  const post = (path: string, body: unknown) =>
    collector.fetch(
      new Request(`http://bench.example${path}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', 'user-agent': agent },
        body: JSON.stringify(body),
      }),
      peer,
    )

  return {
    database,
    post,
    ask: async (question: Omit<Question, 'site'>): Promise<Timed> => {
      const began_ms = performance.now()
      const response = await post('/v1/query', { site: 'bench', ...question })
      const text = await response.text()
      const ms = performance.now() - began_ms
      if (response.status !== 200) throw new Error(`${response.status}: ${text}`)
      const { results } = JSON.parse(text) as Answer
      return { ms, rows: results.map(({ dimensions, metrics }) => [...dimensions, ...metrics]) }
    },
    close: () => door.close(),
  }
}

const agent = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0'

const createMemoryVault = (): ShareVault => {
  const shares = new Map<string, Uint8Array<ArrayBuffer>>()
  return {
    put: async (name, share) => void shares.set(name, share),
    get: async (name) => shares.get(name) ?? null,
    sweep: async () => {},
  }
}
