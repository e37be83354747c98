import { freshId } from '../ingest/parcel.ts'
import type { Asking } from './asking.ts'

/** How long after its `202` an event shows in an answer about today, again and again. */
export const visibleAfter = async (
  asking: Asking,
  { now, rounds }: { now: Date; rounds: number },
): Promise<number[]> => {
  const eventsToday = async () => {
    const { rows } = await asking.ask({ date_range: 'day', metrics: ['events'] })
    return Number(rows[0]?.[0])
  }
  const times: number[] = []
  let seen = await eventsToday()
  for (let round = 0; round < rounds; round++) {
    const at = now.getTime()
    const event = { id: freshId(at), kind: 'page_view', at, url: 'https://shop.example/' }
    const response = await asking.post('/v1/events', {
      site: 'bench',
      sent_at: at,
      consent: 'anonymous',
      events: [event],
    })
    if (response.status !== 202) throw new Error(`${response.status}: ${await response.text()}`)
    const accepted_ms = performance.now()
    const before = seen
    for (let asks = 0; seen === before && asks < asks_max; asks++) seen = await eventsToday()
    if (seen !== before + 1) throw new Error(`${seen - before} events became visible instead of one`)
    times.push(performance.now() - accepted_ms)
  }
  return times
}

const asks_max = 1_000
