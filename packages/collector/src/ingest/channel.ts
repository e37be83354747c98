import type { SourceKind } from './sources.ts'

/** How a visit came, in GA4's words: its default channel group. */
export type Channel =
  | 'Direct'
  | 'Cross-network'
  | 'Paid Shopping'
  | 'Paid Search'
  | 'Paid Social'
  | 'Paid Video'
  | 'Display'
  | 'Paid Other'
  | 'Organic Shopping'
  | 'Organic Social'
  | 'Organic Video'
  | 'Organic Search'
  | 'AI Assistant'
  | 'Email'
  | 'Affiliates'
  | 'Audio'
  | 'SMS'
  | 'Mobile Push Notifications'
  | 'Referral'
  | 'Unassigned'

/** What decides the channel. Texts are in lower case, and `''` where nothing was said. */
export type Arrived = {
  source: string
  kind: SourceKind | null
  medium: string
  campaign: string
  /** A click id tells that the click was paid for. */
  paid: boolean
}

const paidMedium = /^(.*cp.*|ppc|retargeting|paid.*)$/
const shopCampaign = /^(.*(([^a-df-z]|^)shop|shopping).*)$/
const email = /^e[-_ ]?mail$/

const isPaid = ({ medium, paid }: Arrived) => paid || paidMedium.test(medium)
const isShop = ({ kind, campaign }: Arrived) => kind === 'shopping' || shopCampaign.test(campaign)
const isOneOf =
  (...mediums: string[]) =>
  ({ medium }: Arrived) =>
    mediums.includes(medium)

/**
 * GA4's rules for traffic that is tagged by hand, in GA4's order; the first that fits decides.
 *
 * Source: https://support.google.com/analytics/answer/9756891, and for AI Assistant the entry of 13 May 2026 in
 * https://support.google.com/analytics/answer/9164320. What differs from GA4 is in `docs/enrichment.md`.
 */
const rules: readonly [channel: Channel, fits: (arrived: Arrived) => boolean][] = [
  ['Direct', ({ source, medium }) => /^\(?direct\)?$/.test(source) && ['', '(none)', '(not set)'].includes(medium)],
  ['Cross-network', ({ campaign }) => campaign.includes('cross-network')],
  ['Paid Shopping', (arrived) => isPaid(arrived) && isShop(arrived)],
  ['Paid Search', (arrived) => isPaid(arrived) && arrived.kind === 'search'],
  ['Paid Social', (arrived) => isPaid(arrived) && arrived.kind === 'social'],
  ['Paid Video', (arrived) => isPaid(arrived) && arrived.kind === 'video'],
  ['Display', isOneOf('display', 'banner', 'expandable', 'interstitial', 'cpm')],
  ['Paid Other', isPaid],
  ['Organic Shopping', isShop],
  ['Organic Social', ({ kind }) => kind === 'social'],
  ['Organic Social', isOneOf('social', 'social-network', 'social-media', 'sm', 'social network', 'social media')],
  ['Organic Video', ({ kind, medium }) => kind === 'video' || medium.includes('video')],
  ['Organic Search', ({ kind, medium }) => kind === 'search' || medium === 'organic'],
  ['AI Assistant', ({ kind, medium }) => kind === 'assistant' || medium === 'ai-assistant'],
  ['Referral', isOneOf('referral', 'app', 'link')],
  ['Email', ({ kind, source, medium }) => kind === 'email' || email.test(source) || email.test(medium)],
  ['Affiliates', isOneOf('affiliate', 'affiliates', 'affiliation')],
  ['Audio', isOneOf('audio')],
  ['SMS', ({ kind, source, medium }) => kind === 'sms' || source === 'sms' || medium === 'sms'],
  ['Mobile Push Notifications', ({ medium }) => /push$|mobile|notification/.test(medium)],
  ['Mobile Push Notifications', ({ source }) => source === 'firebase'],
  // A source without a medium: a site that links here, or a hand-made `ref=`.
  ['Referral', ({ source, medium }) => source !== '' && medium === ''],
]

/** The channel of an arrival that has an origin; `Unassigned` where no rule fits, as in GA4. */
export const channelOf = (arrived: Arrived): Channel => rules.find(([, fits]) => fits(arrived))?.[0] ?? 'Unassigned'
