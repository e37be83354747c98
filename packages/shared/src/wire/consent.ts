import { z } from 'zod'

/**
 * What a visitor allows, from least to most. Each level includes the ones before it.
 *
 * `none`: nothing is read, kept or sent. `anonymous`: memory only. `analytics`: a first-party secret, 13 months at
 * most. `marketing`: also click ids and the site's own user id.
 */
export const consentLevels = ['none', 'anonymous', 'analytics', 'marketing'] as const

/** Validates one of {@link consentLevels}. */
export const consentLevel = z.enum(consentLevels)

/** One of {@link consentLevels}. */
export type ConsentLevel = z.infer<typeof consentLevel>

/** Whether `level` allows at least what `least` allows. */
export const allows = (level: ConsentLevel, least: ConsentLevel): boolean =>
  consentLevels.indexOf(level) >= consentLevels.indexOf(least)
