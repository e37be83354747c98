import type { Query } from '@balise/shared/stats/query'
import { createApp } from './http/app.ts'
import type { Probe } from './http/health.ts'
import type { Peer, Site } from './ingest/hit.ts'
import type { Delivery } from './ingest/row.ts'
import type { ShareVault } from './keys/share-vault.ts'
import { createSiteDayKeys } from './keys/site-day-keys.ts'
import type { Limits } from './limits/allow.ts'
import { createQuota } from './limits/quota.ts'
import { createRefusalCounts } from './limits/refusal-counts.ts'
import { ask } from './query/ask.ts'
import { createBoundedCache } from './store/bounded-cache.ts'
import type { Database } from './store/database.ts'
import { dayShares, destroyDeadShares } from './store/day-shares.ts'
import { erase } from './store/erasures.ts'
import { type Outcome, storeEvents } from './store/events.ts'
import { foldAll, foldLagOf } from './store/fold.ts'
import { preparePartitions } from './store/partitions.ts'
import { drawQuota } from './store/quota-draws.ts'
import { findSite } from './store/sites.ts'
import { findGrant } from './store/tokens.ts'

/** What a platform lends to the collector. */
export type CollectorDeps = {
  database: Database
  vault: ShareVault
  /** For names that last: the first is used, all are tried when a person is erased. At least one. */
  peppers: [CryptoKey, ...CryptoKey[]]
  /** Makes a delivery durable; `null` where outcomes are known only later, behind a queue. */
  deliver: (delivery: Delivery) => Promise<Outcome[] | null>
  limits: Limits
  now: () => Date
  report: (failure: Error) => void
  version: string
}

/** A site or a token that was changed shows within this. */
const remembered_ms = 30_000

/** What one strike of the clock may fold: some seconds' work for the database. */
const folding = { events_max: 50_000, steps_max: 10 }

/** From here on questions get slow: the clock does not strike, or folding fails. */
const fold_lag_seconds_max = 900

/** The whole of Balise but its platform: web standards in, web standards out. */
export const createCollector = (deps: CollectorDeps) => {
  const { database, vault, peppers, deliver, limits, now, report, version } = deps
  const remembered = { ttl_ms: remembered_ms, entries_max: 10_000, now }

  const refusals = createRefusalCounts({ deliver, now })

  const app = createApp({
    findSite: createBoundedCache({ find: (key) => findSite(database, key), ...remembered }),
    findGrant: createBoundedCache({ find: (token) => findGrant(database, token), ...remembered }),
    keys: { pepper: peppers[0], siteDay: createSiteDayKeys({ shares: dayShares(database), vault, now }) },
    deliver,
    limits,
    quota: createQuota({ draw: (site, day, wanted) => drawQuota(database, { site, day, wanted }), now }),
    refusals,
    ask: (site: Site, query: Query) => ask(database, site, query, now()),
    peppers,
    erase: (erasure) => erase(database, erasure),
    probes: probesOf(deps),
    now,
    report,
    version,
  })

  return {
    /** Answers one request. */
    fetch: async (request: Request, peer: Peer): Promise<Response> => app.fetch(request, { peer }),
    /** What has to be done every minute or so, on any number of machines at once. */
    scheduled: async (): Promise<void> => {
      await refusals.deliverNow()
      await foldAll(database, folding)
      await preparePartitions(database, now())
      await destroyDeadShares(database, now())
      await vault.sweep()
    },
    /** Stores a delivery that waited in a queue. Storing it again is harmless. */
    queue: async (delivery: Delivery): Promise<void> => {
      await storeEvents(database, delivery)
    },
  }
}

const probesOf = ({ database, vault }: CollectorDeps): Record<string, Probe> => ({
  database: {
    check: () => database.selectFrom('sites').select('id').limit(1).execute(),
    otherwise: 'The database does not answer, or is not migrated. Check DATABASE_URL, then run "balise migrate".',
  },
  rollups: {
    check: async () => {
      if ((await foldLagOf(database)) > fold_lag_seconds_max) throw new Error('rollups lag behind')
    },
    otherwise: 'Rollups lag behind: answers are exact, but slow. See that the cron trigger runs, and its log.',
  },
  keys: {
    check: () => vault.get('0'.repeat(64)),
    otherwise: 'The store of key shares does not answer. Check the KV binding SHARES, or SHARES_DIR and its rights.',
  },
})
