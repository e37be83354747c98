import { setTimeout as sleep } from 'node:timers/promises'
import { nextChunk, receiveChunk } from '@balise/collector/store/chunks'
import type { Database } from '@balise/collector/store/database'
import { eraseCopy, forgottenSinceCopies } from '@balise/collector/store/erasures'
import { foldAll } from '@balise/collector/store/fold'
import {
  asOnlyMover,
  beginRound,
  copiesOf,
  forgetCopies,
  forgetCopy,
  holdSite,
  letGo,
  moved_whole,
  noteAtHome,
  noteCopy,
  notePosition,
  receiveRows,
  receiveSettings,
  receiveSite,
  releaseSite,
  removeSite,
  removeSome,
  rowsOf,
  siteRowOf,
  stopArrival,
} from '@balise/collector/store/moves'
import { preparePartitions } from '@balise/collector/store/partitions'
import { createPlacement, home } from '@balise/collector/store/placement'
import { hasOnlySums } from '@balise/collector/store/retention'
import { arrive, locateSite } from '@balise/collector/store/sites'
import { type Databases, withDoors } from './databases.ts'

/** Which site is to live where; `tell` is given a line of progress now and then. */
export type MoveOptions = { key: string; to: string; tell: (line: string) => void }

/** A database by its name. */
type Place = { name: string; database: Database }

type Journey = { site: number; from: Place; to: Place; tell: (line: string) => void }

const chunk_events_max = 5_000
const removed_at_once_max = 5_000
const folding = { pace_ms: 1_000, events_max: 20_000, steps_max: 1_000 }

/** With so few events left nobody waits for long. A site that stores more than a round can copy is held all the same. */
const last_round_events_max = 1_000
const rounds_max = 20
const holds_max = 60
const hold_again_after_ms = 500

/**
 * Moves a site to another database, with all that is kept about it, while it is written to and read. It may be ended at any
 * moment and be run again: what was copied stays copied, and there is no moment at which the site lives nowhere or twice.
 * Moved to where it lives, it stays there, and what an earlier move left elsewhere is removed.
 *
 * Answers how long nobody could write, in milliseconds.
 */
export const moveSite = async (databases: Databases, { key, to, tell }: MoveOptions): Promise<{ pause_ms: number }> =>
  withDoors(databases, async (doors) => {
    const { doorNamed, findSite, nameOf } = createPlacement(doors)
    const placeOf = (name: string): Place => ({ name, database: doorNamed(name).database })
    const target = placeOf(to)
    const found = await findSite(key)
    if (!found) throw new Error(`There is no site "${key}".`)
    const site = found.id
    const source = placeOf(await nameOf(site))
    const note = async (name: string) => name !== home && noteAtHome(placeOf(home).database, site, name)

    return asOnlyMover(placeOf(home).database, site, async () => {
      await note(source.name)
      for (const name of await copiesOf(source.database, site))
        if (name !== to) await removeCopy({ site, from: source, to: placeOf(name), tell })
      if (source.name === to) return { pause_ms: 0 }
      if (await hasOnlySums(source.database, site))
        throw new Error(
          `"${key}" has days as sums only, which cannot be made anew on ${to}: it stays on ${source.name}.`,
        )

      const journey = { site, from: source, to: target, tell }
      await prepare(journey)
      await copyRounds(journey)
      const pause_ms = await changeOver(journey)
      await note(to)
      await removeCopy({ site, from: target, to: source, tell })
      return { pause_ms }
    })
  })

/** The target is ready when it has the site's row, and nothing else that an earlier stay left there. */
const prepare = async ({ site, from, to, tell }: Journey): Promise<void> => {
  const there = await locateSite(to.database, { id: site })
  const afresh = !there?.arrives
  if (afresh) await removeAll({ site, from, to, tell })
  await noteCopy(from.database, { site, database: to.name, afresh })
  const row = await siteRowOf(from.database, site)
  await receiveSite(to.database, row, from.name)
  await receiveSettings(to.database, row) // home's row was there already
  await noteCopy(to.database, { site, database: from.name, afresh })
  await preparePartitions(to.database, new Date())
  for (const table of moved_whole)
    await receiveRows(to.database, table, { site, rows: await rowsOf(from.database, table, { site }) })
}

/** Round after round, each shorter than the last: what is left in the end is copied while nobody writes. */
const copyRounds = async (journey: Journey): Promise<void> => {
  for (let round = 0; round < rounds_max; round++) {
    const copied = await copyRound(journey)
    await foldAll(journey.to.database, folding)
    if (copied <= last_round_events_max) return
  }
}

const copyRound = async ({ site, from, to, tell }: Journey): Promise<number> => {
  let progress = await beginRound(from.database, site, to.name)
  let copied = 0
  for (;;) {
    const chunk = await nextChunk(from.database, { site, progress, events_max: chunk_events_max })
    if (chunk.events > 0) await receiveChunk(to.database, site, chunk)
    await notePosition(from.database, { site, database: to.name, position: chunk.last })
    if (chunk.last === null) return copied
    progress = { ...progress, position: chunk.last }
    copied += chunk.events
    tell(`${copied} events of this round are on ${to.name}`)
  }
}

/** The only moments in which nobody can write. Until `letGo` the site lives where it did; from then on at the target. */
const changeOver = async (journey: Journey): Promise<number> => {
  const { site, from, to } = journey
  for (let hold = 0; hold < holds_max; hold++) {
    const began_ms = performance.now()
    if (!(await holdSite(from.database, site))) {
      await sleep(hold_again_after_ms)
      continue
    }
    try {
      await copyLast(journey)
    } catch (failure) {
      await releaseSite(from.database, site)
      throw failure
    }
    if (!(await letGo(from.database, site, to.name))) continue
    await arrive(to.database, site, from.name)
    return performance.now() - began_ms
  }
  throw new Error('the site is too busy to be held, or what is left does not fit into ten seconds: move it later')
}

const copyLast = async (journey: Journey): Promise<void> => {
  const { site, from, to } = journey
  await copyRound({ ...journey, tell: () => {} })
  for (const table of moved_whole) {
    const rows = await rowsOf(from.database, table, { site, since_copy: to.name })
    await receiveRows(to.database, table, { site, rows })
  }
  for (const { database, subjects } of await forgottenSinceCopies(from.database, site))
    if (database === to.name && subjects.length > 0) await eraseCopy(to.database, site, subjects)
  await receiveSettings(to.database, await siteRowOf(from.database, site))
}

/** Removes what a move left, or had begun, of a site that lives on `from`. */
const removeCopy = async (journey: Journey): Promise<void> => {
  const { site, from, to } = journey
  await removeAll(journey)
  await forgetCopies(to.database, site)
  if (to.name !== home) await removeSite(to.database, site)
  await forgetCopy(from.database, site, to.name)
}

const removeAll = async ({ site, to, tell }: Journey): Promise<void> => {
  await stopArrival(to.database, site)
  let removed = 0
  for (let some = 1; some > 0; removed += some) {
    some = await removeSome(to.database, site, removed_at_once_max)
    if (some > 0) tell(`${removed + some} rows of the old copy on ${to.name} are removed`)
  }
}
