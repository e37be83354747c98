import type { Question } from '@balise/shared/stats/query'
import { naive } from './naive.ts'

/** What is asked, of the days that the bench is about, and the statement that counts the same without any rollup. */
export type Panel = { asked: Omit<Question, 'site' | 'date_range'>; naive: string }

/** The seven panels of a dashboard's first screen. */
export const panels: Record<string, Panel> = {
  totals: {
    asked: { metrics: ['visitors', 'visits', 'page_views', 'bounce_rate', 'visit_duration'] },
    naive: naive.totals,
  },
  'by day': { asked: { metrics: ['visitors', 'page_views'], dimensions: ['time:day'] }, naive: naive.byDay },
  'top paths': {
    asked: { metrics: ['visitors', 'page_views'], dimensions: ['event:path'], limit: 10 },
    naive: naive.topPaths,
  },
  'entry pages': {
    asked: { metrics: ['visitors', 'visits'], dimensions: ['visit:entry_page'], limit: 10 },
    naive: naive.byVisit('entry_path', 'limit 10'),
  },
  countries: {
    asked: { metrics: ['visitors', 'visits'], dimensions: ['visit:country'], limit: 10 },
    naive: naive.byVisit('country', 'limit 10'),
  },
  sources: {
    asked: { metrics: ['visitors', 'visits'], dimensions: ['visit:source'], limit: 10 },
    naive: naive.byVisit('source', 'limit 10'),
  },
  channels: {
    asked: { metrics: ['visitors', 'visits'], dimensions: ['visit:channel'] },
    naive: naive.byVisit('channel', ''),
  },
}

/** Totals beside those of the time before; and what no rollup holds: two filters at once, one panel under the filter of another. */
export const others: Record<string, Panel> = {
  'totals with comparison': {
    asked: {
      metrics: ['visitors', 'visits', 'page_views', 'bounce_rate', 'visit_duration'],
      compare: 'previous_period',
    },
    naive: naive.totals,
  },
  'two filters: country, device': {
    asked: {
      metrics: ['visitors', 'visits', 'page_views', 'bounce_rate', 'visit_duration'],
      filters: [
        'and',
        [
          ['is', 'visit:country', ['FR']],
          ['is', 'visit:device', ['mobile']],
        ],
      ],
    },
    naive: naive.filtered(`country = 'FR' and device = 'mobile'`),
  },
  'two filters: country, path': {
    asked: {
      metrics: ['visitors', 'visits', 'page_views'],
      filters: [
        'and',
        [
          ['is', 'visit:country', ['FR']],
          ['is', 'event:path', ['/pricing']],
        ],
      ],
    },
    naive: naive.filtered(`country = 'FR' and path = '/pricing'`, 'visitors, visits, page_views'),
  },
  'sources of a country': {
    asked: {
      metrics: ['visitors', 'visits'],
      dimensions: ['visit:source'],
      filters: ['is', 'visit:country', ['FR']],
      limit: 10,
    },
    naive: naive.byVisit('source', 'limit 10', `country = 'FR'`),
  },
  'sources of a path': {
    asked: {
      metrics: ['visitors', 'visits'],
      dimensions: ['visit:source'],
      filters: ['is', 'event:path', ['/products/shoes/item-95']],
      limit: 10,
    },
    naive: naive.byVisit('source', 'limit 10', `path = '/products/shoes/item-95'`),
  },
  'top paths of a country': {
    asked: {
      metrics: ['visitors', 'page_views'],
      dimensions: ['event:path'],
      filters: ['is', 'visit:country', ['FR']],
      limit: 10,
    },
    naive: naive.pathsOf(`country = 'FR'`),
  },
}
