import type { Query } from '@balise/shared/stats/query'
import { createApp } from './http/app.ts'
import type { Probe } from './http/health.ts'
import { createTally } from './http/tally.ts'
import type { Peer, Site } from './ingest/hit.ts'
import type { KeyOf, PseudonymKey } from './ingest/pseudonym.ts'
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
import { deadLettersHeld, expireDeadLetters } from './store/dead-letters.ts'
import { erasePlaced } from './store/erasures.ts'
import type { Outcome } from './store/events.ts'
import { foldAll, foldStateOf } from './store/fold.ts'
import { createPaced } from './store/paced.ts'
import { packAll } from './store/pack.ts'
import { preparePartitions } from './store/partitions.ts'
import { type Doors, home, type Placement } from './store/placement.ts'
import { drawQuota } from './store/quota-draws.ts'
import { retainAll } from './store/retention.ts'
import { sweepAll } from './store/sweep.ts'
import { findGrant } from './store/tokens.ts'
import { storeWaiting } from './store/waiting.ts'

/** What a platform lends to the collector. */
export type CollectorDeps = {
  doors: Doors
  placement: Placement
  vault: ShareVault
  keyOf: KeyOf
  /** For names that last: the first is used, all are tried when a person is erased. At least one. */
  peppers: [PseudonymKey, ...PseudonymKey[]]
  /** Makes a delivery durable; `null` where outcomes are known only later, behind a queue. */
  deliver: (delivery: Delivery) => Promise<Outcome[] | null>
  limits: Limits
  now: () => Date
  report: (failure: Error) => void
  version: string
}

/** A site or a token that was changed shows within this. */
const remembered_ms = 30_000

/** What one strike of the clock may fold: within what a Worker may wait for, and in short steps, for which erasures wait. */
const folding = { pace_ms: 400, events_max: 50_000, steps_max: 60 }

/** How often events that are stored without a pause are folded: each question adds up what waits, 0.1 ms and more an event. */
const fold_every_ms = 2_000

/** What one strike of the clock may let go. */
const retaining = { rows_max: 20_000, steps_max: 10 }

/** What one strike may pack: 28 million events a day on Workers, which strike once a minute. */
const packing = { events_max: 5_000, steps_max: 4 }

/** What one strike may sweep: three million events, a tenth of a second a step. */
const sweeping = { rows_max: 50_000, steps_max: 60 }

/** From here on questions get slow: the clock does not strike, or folding fails. */
const fold_lag_seconds_max = 900

/** The whole of Balise but its platform: web standards in, web standards out. */
export const createCollector = (deps: CollectorDeps) => {
  const { doors, placement, vault, keyOf, peppers, deliver, limits, now, report, version } = deps
  const { at, doorNamed } = placement
  const remembered = { ttl_ms: remembered_ms, entries_max: 10_000, now }

  const refusals = createRefusalCounts({ deliver, now })
  const { siteDay, forgetDead } = createSiteDayKeys({ shares: dayShares(placement), vault, keyOf, now })
  const tally = createTally()

  /** What is stored at once is folded soon; behind a queue, whoever stores it has it folded. */
  const deliverAndFold = async (delivery: Delivery): Promise<Outcome[] | null> => {
    const outcomes = await deliver(delivery)
    if (outcomes) void foldSoon()
    return outcomes
  }

  const app = createApp({
    findSite: createBoundedCache({ find: placement.findSite, ...remembered }),
    findGrant: createBoundedCache({ find: (token) => findGrant(doorNamed(home).database, token), ...remembered }),
    keys: { pepper: peppers[0], siteDay },
    deliver: deliverAndFold,
    limits,
    quota: createQuota({
      draw: (site, day, wanted) => at(site, ({ database }) => drawQuota(database, { site, day, wanted })),
      now,
    }),
    refusals,
    ask: (site: Site, query: Query) =>
      at(site.id, ({ forQuestions }) => ask(forQuestions(site.id), site, query, now())),
    peppers,
    erase: (erasure) => erasePlaced(placement, erasure),
    probes: probesOf(deps),
    tally,
    now,
    report,
    version,
  })

  /** Acts on every database; one that is away keeps no other from its turn. */
  const everywhere = async (act: (database: Database) => Promise<void>): Promise<void> => {
    const acts = await Promise.allSettled([...doors.values()].map(({ database }) => act(database)))
    const failed = acts.find((one) => one.status === 'rejected')
    if (failed) throw failed.reason
  }

  const fold = () => everywhere((database) => foldAll(database, folding))

  let is_stopping = false

  /** Does a job. A failure is counted and reported, and ends nothing else. What ends because all does is none. */
  const run = (name: string, job: () => Promise<void>): Promise<void> =>
    job().catch((failure: Error) => {
      if (is_stopping) return
      tally.failed(name)
      report(failure)
    })

  /** What has to be done every minute or so; one that fails keeps back no other. The longest comes last. */
  const jobs: Record<string, () => Promise<void>> = {
    count_refusals: () => refusals.deliverNow(),
    destroy_shares: () => everywhere((database) => destroyDeadShares(database, now())),
    sweep_vault: () => vault.sweep(),
    forget_keys: async () => forgetDead(),
    prepare_partitions: () => everywhere((database) => preparePartitions(database, now())),
    expire_dead_letters: () => everywhere((database) => expireDeadLetters(database, now())),
    retain: () => everywhere((database) => retainAll(database, now(), retaining)),
    pack: () => everywhere((database) => packAll(database, now(), packing)),
    sweep: () => everywhere((database) => sweepAll(database, now(), sweeping)),
    fold,
  }

  const foldSoon = createPaced({ act: () => run('fold', fold), every_ms: fold_every_ms, now })

  return {
    /** Answers one request. */
    fetch: async (request: Request, peer: Peer): Promise<Response> => app.fetch(request, { peer }),
    /** Does all jobs, on any number of machines at once. */
    scheduled: async (): Promise<void> => {
      for (const [name, job] of Object.entries(jobs)) await run(name, job)
    },
    /** Stores what waited in a queue, and answers for each delivery why it has to come again, or `null`. */
    queue: (deliveries: Delivery[]): Promise<(Error | null)[]> => storeWaiting({ placement, report }, deliveries),
    /** Folds what was stored, unless that was done just now. */
    foldSoon,
    /** Says that the doors are about to close, upon jobs that are under way as well: each of their steps is whole or undone. */
    stop: (): void => {
      is_stopping = true
    },
  }
}

const probesOf = ({ doors, vault }: CollectorDeps): Record<string, Probe> => ({
  ...Object.assign({}, ...[...doors].map(([name, { database }]) => databaseProbesOf(name, database))),
  keys: {
    check: async () => {
      await vault.get('0'.repeat(64))
      return { ok: true }
    },
    otherwise: 'The store of key shares does not answer. Check the KV binding SHARES, or SHARES_DIR and its rights.',
  },
})

/** The home database goes by the parts' own names. */
const databaseProbesOf = (name: string, database: Database): Record<string, Probe> => {
  const [of, setting] = name === home ? ['', 'DATABASE_URL'] : [`:${name}`, 'DATABASES']
  return {
    [`database${of}`]: {
      check: async () => {
        const events_set_aside = await deadLettersHeld(database)
        return { ok: true, ...(events_set_aside > 0 && { events_set_aside }) }
      },
      otherwise: `The database does not answer, or is not migrated. Check ${setting}, then run "balise migrate".`,
    },
    [`rollups${of}`]: {
      check: async () => {
        const state = await foldStateOf(database)
        return { ok: state.lag_seconds <= fold_lag_seconds_max, ...state }
      },
      otherwise: 'Rollups lag behind: answers are exact, but slow. See that the cron trigger runs, and its log.',
    },
  }
}
