import type { ExecutionContext, KVNamespace, MessageBatch, Queue } from '@cloudflare/workers-types'
import { z } from 'zod'
import manifest from '../package.json' with { type: 'json' }
import { createCollector } from './collector.ts'
import type { Peer, Place } from './ingest/hit.ts'
import { type Delivery, halvesOf } from './ingest/row.ts'
import { createKvVault } from './keys/kv-vault.ts'
import { peppersIn, peppersOf } from './keys/peppers.ts'
import { webKeyOf } from './keys/web-key.ts'
import { type LimitBindings, platformLimitsOf } from './limits/platform-limits.ts'
import { databasesIn } from './store/databases.ts'
import { openNeonDoor } from './store/neon.ts'
import { createPlacement, home } from './store/placement.ts'

/** What `wrangler.toml` names. */
type Bindings = { SHARES: KVNamespace; DELIVERIES: Queue<Delivery> } & LimitBindings

const environment = z.object({
  DATABASE_URL: z.url(),
  /** Where sites may live besides, by name: `{"eu2": "postgres://…"}`. */
  DATABASES: databasesIn,
  /** Where statements go instead of Neon: the gateway on this machine. Unset in production. */
  NEON_ENDPOINT: z.url().optional(),
  PEPPERS: peppersIn,
  LIMITS: z.enum(['on', 'off']).default('on'),
})

const now = () => new Date()

/** Only the name and the sentence of a failure: its other fields may hold a row. */
const report = ({ name, message }: Error) => console.error(JSON.stringify({ failure: name, message }))

const openCollector = async (bindings: Bindings) => {
  const { DATABASE_URL, DATABASES, NEON_ENDPOINT, PEPPERS, LIMITS } = environment.parse(bindings)
  const peppers = await peppersOf(PEPPERS, webKeyOf)
  const doors = new Map(
    Object.entries({ [home]: DATABASE_URL, ...DATABASES }).map(([name, url]) => {
      // On this machine each database has a gateway of its own, at the port in its address.
      const endpoint = NEON_ENDPOINT && Object.assign(new URL(NEON_ENDPOINT), { port: new URL(url).port }).href
      return [name, openNeonDoor({ url, endpoint })] as const
    }),
  )
  return createCollector({
    doors,
    placement: createPlacement(doors),
    vault: createKvVault(bindings.SHARES, now),
    keyOf: webKeyOf,
    peppers,
    deliver: async (delivery) => {
      for (const message of messagesOf(delivery)) await bindings.DELIVERIES.send(message)
      return null
    },
    limits: platformLimitsOf({ setting: LIMITS, bindings, pepper: peppers[0] }),
    now,
    report,
    version: manifest.version,
  })
}

/** A message of Cloudflare Queues holds 128 KB. The longest batch a browser may send is a little more once it is enriched. */
const message_chars_max = 120_000

const messagesOf = (delivery: Delivery): Delivery[] => {
  const { events, refused } = delivery
  if (events.length + refused.length === 0) return []
  if (events.length < 2 || JSON.stringify(delivery).length <= message_chars_max) return [delivery]
  return halvesOf(delivery)?.flatMap(messagesOf) ?? [delivery]
}

/** One collector for each isolate: the bindings of an isolate never change. */
let collector: ReturnType<typeof openCollector> | undefined
const collectorOf = (bindings: Bindings) => {
  collector ??= openCollector(bindings)
  return collector
}

const text = (value: unknown): string | undefined => (typeof value === 'string' && value ? value : undefined)

const placeOf = (cf: Record<string, unknown>): Place => {
  const [country, region, city] = [text(cf['country']), text(cf['region']), text(cf['city'])]
  return { ...(country && { country }), ...(region && { region }), ...(city && { city }) }
}

const peerOf = ({ headers, cf = {} }: Request & { cf?: Record<string, unknown> }): Peer => ({
  ip: headers.get('cf-connecting-ip') ?? '',
  place: placeOf(cf),
  ...(typeof cf['asn'] === 'number' && { asn: cf['asn'] }),
})

export default {
  fetch: async (request: Request, bindings: Bindings): Promise<Response> =>
    (await collectorOf(bindings)).fetch(request, peerOf(request)),

  scheduled: async (_event: unknown, bindings: Bindings, context: ExecutionContext): Promise<void> =>
    context.waitUntil((await collectorOf(bindings)).scheduled()),

  queue: async (batch: MessageBatch<Delivery>, bindings: Bindings, context: ExecutionContext): Promise<void> => {
    const { queue, foldSoon } = await collectorOf(bindings)
    const { messages } = batch
    const failures = await queue(messages.map(({ body }) => body))
    // As wrangler.toml names the queue of what the first one gave up on: an outage that lasts.
    const retry_seconds_max = batch.queue.endsWith('-dead') ? 3_600 : 600
    for (const [index, message] of messages.entries()) {
      const failure = failures[index]
      if (!failure) {
        message.ack()
        continue
      }
      report(failure)
      message.retry({ delaySeconds: Math.min(2 ** message.attempts, retry_seconds_max) })
    }
    if (failures.includes(null)) context.waitUntil(foldSoon())
  },
}
