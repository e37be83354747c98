import type { EventRow, Traits } from '@balise/collector/ingest/row'
import { splitDimensions } from '@balise/collector/store/dimensions'
import {
  campaigns,
  clients,
  contact_channels,
  countries,
  currencies,
  custom_names,
  endpoints,
  paths,
  sources,
  titleOf,
} from '../world/site.ts'

/** The id of each trait that an event can have, in the order of the lists of `world/site.ts`. */
export type Dictionary = {
  pages: string[]
  /** By a referrer's place in its list; then one for each campaign. */
  origins: string[]
  campaigns: string[]
  /** Two for each endpoint: answered 200, and answered 500. */
  endpoints: string[]
  contacts: string[]
  custom: string[]
  /** One for each currency of a purchase. */
  purchases: string[]
  clients: string[]
  places: string[]
}

/** What is to be written into the dimension tables, as `store_events` takes it. */
export type Dimensions = Awaited<ReturnType<typeof splitDimensions>>['dimensions']

/** Names every trait by its content, with the collector's own code; gives the ids, and the rows that belong to them. */
export const dictionaryOf = async (site: number): Promise<{ dictionary: Dictionary; dimensions: Dimensions }> => {
  const dimensions: Dimensions = { pages: [], origins: [], actions: [], clients: [], places: [] }
  const idsOf = async <Name extends keyof Traits>(name: Name, values: Traits[Name][]): Promise<string[]> => {
    const split = await splitDimensions(values.map((value) => ({ ...blank, site, [name]: value })))
    for (const table of Object.keys(dimensions) as (keyof Dimensions)[])
      dimensions[table].push(...split.dimensions[table])
    return split.events.map((event) => String(event[name]))
  }

  const dictionary: Dictionary = {
    pages: await idsOf(
      'page',
      paths.map((path) => ({ host: 'shop.example', path, title: titleOf(path) })),
    ),
    origins: await idsOf(
      'origin',
      sources.map(({ source, channel, referrer }) => ({ ...no_origin, source, channel, referrer })),
    ),
    campaigns: await idsOf(
      'origin',
      campaigns.map((campaign) => ({
        ...no_origin,
        source: 'newsletter',
        medium: 'email',
        campaign,
        channel: 'Email',
      })),
    ),
    endpoints: await idsOf(
      'action',
      endpoints.flatMap((endpoint) => [200, 500].map((status) => ({ ...no_action, method: 'GET', endpoint, status }))),
    ),
    contacts: await idsOf(
      'action',
      contact_channels.map((channel) => ({ ...no_action, channel })),
    ),
    custom: await idsOf(
      'action',
      custom_names.map((name) => ({ ...no_action, name })),
    ),
    purchases: await idsOf(
      'action',
      currencies.map((currency) => ({ ...no_action, name: 'purchase', currency })),
    ),
    clients: await idsOf('client', clients),
    places: await idsOf(
      'place',
      countries.map((country) => ({ country, region: null, city: `Capital of ${country}` })),
    ),
  }
  return { dictionary, dimensions }
}

const no_origin = {
  source: null,
  referrer: null,
  medium: null,
  campaign: null,
  term: null,
  content: null,
  channel: null,
}
const no_action = { name: null, method: null, endpoint: null, status: null, channel: null, currency: null }

/** An event that carries one trait at a time. Its page and client are those of real ones, so nothing else comes along. */
const blank: EventRow = {
  site: 0,
  id: '',
  at: '',
  kind: 'page_view',
  visitor: '',
  known: false,
  page: { host: 'shop.example', path: '/', title: titleOf('/') },
  client: clients[0] as Traits['client'],
  origin: null,
  action: null,
  place: null,
}
