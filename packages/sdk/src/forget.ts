import type { Destination, ErasureReceipt } from './api.ts'
import { send } from './send.ts'
import type { Store } from './store.ts'

/**
 * Asks the collector to erase the visitor whose secret `disk` holds, after `refuse` has ended their consent and with it
 * everything kept of them. Where no answer comes the secret is put back, so that it can be asked again.
 */
export const forget = async (
  { site, endpoint }: Destination,
  disk: Store,
  refuse: () => void,
): Promise<ErasureReceipt | null> => {
  const kept = disk.textOf('visitor')
  const [visitor] = kept.split(' ')
  refuse()
  if (!visitor) return null
  const [verdict, answer] = await send(`${endpoint}/v1/privacy/erasures`, JSON.stringify({ site, visitor }))
  if (verdict === 'sent') return answer as ErasureReceipt
  disk.keep('visitor', kept)
  return null
}
