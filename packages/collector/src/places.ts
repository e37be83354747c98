import { type CityResponse, open } from 'maxmind'
import type { Place } from './ingest/hit.ts'

/**
 * Finds the place of an address in a database file of MaxMind's format (country or city, DB-IP and GeoLite2 alike);
 * without a file no place is known. The file is watched, so a newer one counts without a restart.
 */
export const openPlaces = async (file: string | undefined): Promise<(ip: string) => Place> => {
  if (!file) return () => ({})
  const reader = await open<CityResponse>(file, { cache: { max: 10_000 }, watchForUpdates: true })
  return (ip) => {
    const found = reader.get(ip)
    const [country, region, city] = [
      found?.country?.iso_code,
      found?.subdivisions?.[0]?.names.en,
      found?.city?.names.en,
    ]
    return { ...(country && { country }), ...(region && { region }), ...(city && { city }) }
  }
}
