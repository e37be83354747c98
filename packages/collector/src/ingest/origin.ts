import { channelOf } from './channel.ts'
import { clickOf } from './click.ts'
import { remembered } from './remembered.ts'
import type { Traits } from './row.ts'
import { type Source, sourceOf } from './source.ts'
import { storable } from './storable.ts'

type Origin = NonNullable<Traits['origin']>

/**
 * Where an event's page was reached from: the campaign in its address first, a click id next, the referring site last.
 * `null` when it was reached from the site itself or from nowhere known. The referrer is kept without its query, a click
 * id not at all.
 */
export const originOf = (page: URL, referrer: string | undefined): Origin | null => {
  const from = referrer ? referrerOf(referrer) : null
  const outside = from && from.bare_host !== bare(page.hostname) ? from : null
  if (!page.search) return outside?.origin ?? null

  const campaign = campaignOf(page.searchParams)
  const click = clickOf(page.searchParams)
  const told = campaign.source ?? click?.source
  const source = told ? sourceOf(told) : (outside?.source ?? null)
  if (!source && !campaign.medium && !campaign.campaign) return null
  return originWith({ campaign, source, referrer: outside?.origin.referrer ?? null, paid: click?.paid ?? false })
}

type Campaign = Pick<Origin, 'medium' | 'campaign' | 'term' | 'content'>
type Found = { campaign: Campaign; source: Source | null; referrer: string | null; paid: boolean }

const originWith = ({ campaign, source, referrer, paid }: Found): Origin => {
  const channel = channelOf({
    source: lower(source?.name),
    kind: source?.kind ?? null,
    medium: lower(campaign.medium),
    campaign: lower(campaign.campaign),
    paid,
  })
  // Always in this order: a row of a dimension is named by its text, see `store/dimensions.ts`.
  const { medium, campaign: name, term, content } = campaign
  return { source: source?.name ?? null, referrer, medium, campaign: name, term, content, channel }
}

/** What a campaign's names may be long. */
const name_chars_max = 200

const campaignOf = (parameters: URLSearchParams) => {
  const read = (key: string) => storable(parameters.get(key)?.slice(0, name_chars_max) ?? '').trim() || null
  return {
    source: read('utm_source') ?? read('source') ?? read('ref'),
    medium: read('utm_medium'),
    campaign: read('utm_campaign'),
    term: read('utm_term'),
    content: read('utm_content'),
  }
}

type Referrer = { bare_host: string; source: Source; origin: Origin }

const noCampaign: Campaign = { medium: null, campaign: null, term: null, content: null }

/** A referrer, and the origin it makes by itself; `null` for what is no page of the web and no Android app. */
const referrerOf = remembered({ entries_max: 5_000, chars_max: 500 }, (text): Referrer | null => {
  if (!URL.canParse(text)) return null
  const { protocol, hostname, host, pathname } = new URL(text)
  if (!['http:', 'https:', 'android-app:'].includes(protocol)) return null
  const source = sourceOf(hostname)
  const origin = originWith({ campaign: noCampaign, source, referrer: host + pathname, paid: false })
  return { bare_host: bare(hostname), source, origin }
})

const bare = (host: string): string => host.replace(/^www\./, '')

const lower = (text: string | null | undefined): string => text?.toLowerCase() ?? ''
