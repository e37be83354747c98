import type { WireEvent } from '@balise/shared/wire/event'
import type { Traits } from './row.ts'

/** Names that people know, by the host of the referrer; a row also covers the host's subdomains. */
const sources: readonly [host: RegExp, source: string][] = [
  [/(^|\.)google\.(com|[a-z]{2}|com?\.[a-z]{2})$/, 'Google'],
  [/(^|\.)bing\.com$/, 'Bing'],
  [/(^|\.)duckduckgo\.com$/, 'DuckDuckGo'],
  [/(^|\.)qwant\.com$/, 'Qwant'],
  [/(^|\.)ecosia\.org$/, 'Ecosia'],
  [/(^|\.)yahoo\.(com|[a-z]{2}|com?\.[a-z]{2})$/, 'Yahoo!'],
  [/(^|\.)yandex\.(com|[a-z]{2}|com?\.[a-z]{2})$/, 'Yandex'],
  [/(^|\.)baidu\.com$/, 'Baidu'],
  [/(^|\.)(facebook\.com|fb\.com|fb\.me)$/, 'Facebook'],
  [/(^|\.)instagram\.com$/, 'Instagram'],
  [/(^|\.)(whatsapp\.com|wa\.me)$/, 'WhatsApp'],
  [/(^|\.)(t\.me|telegram\.org)$/, 'Telegram'],
  [/(^|\.)(linkedin\.com|lnkd\.in)$/, 'LinkedIn'],
  [/(^|\.)(twitter\.com|t\.co|x\.com)$/, 'X'],
  [/(^|\.)(youtube\.com|youtu\.be)$/, 'YouTube'],
  [/(^|\.)tiktok\.com$/, 'TikTok'],
  [/(^|\.)reddit\.com$/, 'Reddit'],
  [/(^|\.)github\.com$/, 'GitHub'],
  [/(^|\.)(chatgpt\.com|chat\.openai\.com)$/, 'ChatGPT'],
  [/(^|\.)perplexity\.ai$/, 'Perplexity'],
]

const campaignOf = (url: URL) => {
  const read = (key: string) => url.searchParams.get(key)?.trim().slice(0, 200) || null
  return {
    source: read('utm_source') ?? read('source') ?? read('ref'),
    medium: read('utm_medium'),
    campaign: read('utm_campaign'),
    term: read('utm_term'),
    content: read('utm_content'),
  }
}

/**
 * Where a page view came from: the campaign in its address first, the referring site next. `null` when it came from the
 * site itself or from nowhere known. The referrer is kept without its query.
 */
export const originOf = (event: WireEvent): Traits['origin'] => {
  const url = new URL(event.url)
  const referrer = outsideReferrerOf(event.referrer, url.hostname)
  const campaign = campaignOf(url)
  const source = campaign.source ?? (referrer && sourceOf(referrer.hostname))
  if (!source && !campaign.medium && !campaign.campaign) return null
  return { ...campaign, source, referrer: referrer && referrer.host + referrer.pathname }
}

const outsideReferrerOf = (referrer: string | undefined, own_host: string): URL | null => {
  if (!referrer || !URL.canParse(referrer)) return null
  const url = new URL(referrer)
  const isWeb = url.protocol === 'http:' || url.protocol === 'https:' || url.protocol === 'android-app:'
  return isWeb && bare(url.hostname) !== bare(own_host) ? url : null
}

const bare = (host: string): string => host.replace(/^www\./, '')

const sourceOf = (host: string): string => sources.find(([known]) => known.test(host))?.[1] ?? bare(host)
