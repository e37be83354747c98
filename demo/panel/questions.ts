import type { Question } from '@balise/shared/stats/query'
import { bars } from './bars.ts'
import { list } from './list.ts'
import type { Show } from './show.ts'
import { tiles } from './tiles.ts'

/** One block of the panel: what is asked, and how the answer is drawn. */
export type Asking = { title: string; question: Omit<Question, 'site'>; show: Show }

const today = { date_range: 'day', limit: 6 } as const

/** Everything the panel asks, in the order of the page. */
export const questions: readonly Asking[] = [
  {
    title: 'En bref',
    question: {
      date_range: 'day',
      metrics: ['visitors', 'visits', 'page_views', 'events', 'bounce_rate', 'visit_duration'],
    },
    show: tiles,
  },
  {
    title: 'Pages vues, heure par heure',
    question: { date_range: 'day', metrics: ['page_views'], dimensions: ['time:hour'], include: ['time_labels'] },
    show: bars,
  },
  {
    title: 'Pages',
    question: {
      ...today,
      metrics: ['page_views', 'visitors'],
      dimensions: ['event:path'],
      filters: ['is', 'event:kind', ['page_view']],
    },
    show: list,
  },
  { title: 'Sources', question: { ...today, metrics: ['visits'], dimensions: ['visit:source'] }, show: list },
  {
    title: 'Événements par genre',
    question: { ...today, metrics: ['events'], dimensions: ['event:kind'] },
    show: list,
  },
  {
    title: 'Appels d’API',
    question: {
      ...today,
      metrics: ['events'],
      dimensions: ['event:endpoint'],
      filters: ['is', 'event:kind', ['api_call']],
    },
    show: list,
  },
  {
    title: 'Prises de contact',
    question: {
      ...today,
      metrics: ['events'],
      dimensions: ['event:channel'],
      filters: ['is', 'event:kind', ['contact']],
    },
    show: list,
  },
  {
    title: 'Événements de la boutique',
    question: { ...today, metrics: ['events'], dimensions: ['event:name'], filters: ['is', 'event:kind', ['custom']] },
    show: list,
  },
]
