import { stat } from 'node:fs/promises'
import { type CityResponse, open, type Reader, validate } from 'maxmind'
import type { Place } from './ingest/hit.ts'

type Database = Reader<CityResponse>

/** What finds the place of an address, or a sentence on why the file cannot. */
export type Places = { placeOf: (ip: string) => Place } | { refusal: string }

/**
 * Opens a database of places in MaxMind's format (GeoLite2, GeoIP2 and DB-IP alike, of cities or countries); without a
 * file no place is known. A newer file counts within seconds, without a restart; when it is broken, it is reported, and
 * the one before goes on.
 */
export const openPlaces = async (file: string | undefined, report: (failure: Error) => void): Promise<Places> => {
  if (!file) return { placeOf: () => ({}) }
  let seen = await stampOf(file)
  const opened = await openDatabase(file)
  if ('refusal' in opened) return opened

  let { database } = opened
  const look = async () => {
    const stamp = await stampOf(file)
    if (stamp === seen) return
    seen = stamp
    const newer = await openDatabase(file)
    if ('refusal' in newer) report(new Error(newer.refusal))
    else database = newer.database
  }
  setInterval(look, look_every_ms).unref()
  return { placeOf: (ip) => placeIn(database, ip) }
}

const look_every_ms = 2_000

/** Tells one version of a file from the next, by when it was written and how long it is. */
const stampOf = (file: string): Promise<string> =>
  stat(file).then(
    ({ mtimeMs, size }) => `${mtimeMs} ${size}`,
    () => 'not there',
  )

const openDatabase = (file: string): Promise<{ database: Database } | { refusal: string }> =>
  open<CityResponse>(file, { cache: { max: 10_000 } }).then(
    (database) =>
      /city|country|enterprise|location/i.test(database.metadata.databaseType)
        ? { database }
        : { refusal: `PLACES_FILE ${file} holds ${database.metadata.databaseType}, no places. ${advice}` },
    ({ message }: Error) => ({ refusal: `PLACES_FILE ${file} cannot be read: ${message}. ${advice}` }),
  )

const advice = 'Name a database of cities or countries in MaxMind format (.mmdb), or leave it unset.'

/** The place of an address; of one that is none, or unknown, nothing. IPv4 inside IPv6, as sockets tell it, is IPv4. */
const placeIn = (database: Database, address: string): Place => {
  const ip = address.replace(/^::ffff:(?=\d+\.)/i, '')
  if (!validate(ip) || (database.metadata.ipVersion === 4 && ip.includes(':'))) return {}
  const found = database.get(ip)
  const [country, region, city] = [found?.country?.iso_code, found?.subdivisions?.[0]?.names.en, found?.city?.names.en]
  return { ...(country && { country }), ...(region && { region }), ...(city && { city }) }
}
