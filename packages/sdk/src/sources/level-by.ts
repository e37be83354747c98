import type { ConsentLevel } from '../api.ts'

/** The level of a person, by whether they allow to be measured, and marketing; `undefined` while they have not decided. */
export const levelBy = (
  measured: unknown,
  marketed: unknown,
  refused: ConsentLevel = 'none',
): ConsentLevel | undefined => {
  if (measured === undefined) return measured
  if (!measured) return refused
  return marketed ? 'marketing' : 'analytics'
}
