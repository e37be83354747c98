import type { Balise, EventMap, Options } from './api.ts'
import { calm } from './calm.ts'
import { pageViews } from './capture/page-views.ts'
import { createClient } from './client.ts'
import { inert } from './inert.ts'
import type { Noticing } from './street.ts'

/** As `createBalise` in `api.ts` says. */
export const createBalise = <Events extends EventMap<Events> = EventMap>(options: Options): Balise<Events> => {
  if (typeof document === 'undefined') return inert as Balise<Events>
  const capture = (options.capture || [pageViews()]) as readonly Noticing[]
  return (calm(createClient)({ ...options, capture }) || inert) as Balise<Events>
}
