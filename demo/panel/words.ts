import type { Metric } from '@balise/shared/stats/query'

const whole = new Intl.NumberFormat('fr-FR', { maximumFractionDigits: 0 })
const oneDigit = new Intl.NumberFormat('fr-FR', { maximumFractionDigits: 1 })

/** Each metric in French: its name, and its number with a unit. */
export const metricWords: Record<Metric, { name: string; shown: (value: number) => string }> = {
  visitors: { name: 'Visiteurs', shown: (value) => whole.format(value) },
  visits: { name: 'Visites', shown: (value) => whole.format(value) },
  page_views: { name: 'Pages vues', shown: (value) => whole.format(value) },
  events: { name: 'Événements', shown: (value) => whole.format(value) },
  bounce_rate: { name: 'Rebond', shown: (value) => `${oneDigit.format(value)} %` },
  visit_duration: { name: 'Durée', shown: (value) => durationOf(value) },
}

/** What the collector calls something, in French; names that the shop made stay as they are. */
export const wordOf = (value: string): string => words[value] ?? value

const words: Record<string, string> = {
  page_view: 'Page vue',
  api_call: 'Appel d’API',
  contact: 'Prise de contact',
  custom: 'Événement de la boutique',
  engagement: 'Attention',
  phone: 'Téléphone',
  email: 'Mail',
  whatsapp: 'WhatsApp',
  Direct: 'Accès direct',
}

const durationOf = (seconds: number): string => {
  if (seconds < 60) return `${Math.round(seconds)} s`
  return `${Math.floor(seconds / 60)} min ${String(Math.round(seconds % 60)).padStart(2, '0')}`
}
