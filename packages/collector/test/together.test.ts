import { expect, test } from 'vitest'
import type { Delivery } from '../src/ingest/row.ts'
import type { Outcome } from '../src/store/events.ts'
import { storeTogether } from '../src/store/together.ts'
import { deliveryOf, row } from './deliveries.ts'

const [one, two, three] = [0, 1, 2].map(() => deliveryOf(row(1, new Date()))) as [Delivery, Delivery, Delivery]
const failing = (code: string) => Object.assign(new Error(code), { code })
const duplicate = ({ events }: Delivery): Outcome[] => events.map(({ id }) => ({ id, outcome: 'duplicate' }))

/** Stores through a store that fails like this, and alone one that fails on `three`; tells what was tried. */
const tried = async (deliveries: Delivery[], code?: string) => {
  const together: number[] = []
  const alone: Delivery[] = []
  const settled = await storeTogether(
    {
      store: async (delivery) => {
        together.push(delivery.events.length)
        if (code) throw failing(code)
        return duplicate(delivery)
      },
      storeAlone: async (delivery) => {
        alone.push(delivery)
        if (delivery === three) throw failing('57M01')
        return duplicate(delivery)
      },
    },
    deliveries,
  )
  return {
    together,
    alone,
    settled: settled.map((each) => (each.status === 'fulfilled' ? each.value : each.reason.code)),
  }
}

test('several deliveries are one statement, and each is told what became of its own', async () => {
  expect(await tried([one, two])).toEqual({ together: [2], alone: [], settled: [duplicate(one), duplicate(two)] })
})

test('a lone delivery is not tried twice', async () => {
  expect(await tried([one])).toEqual({ together: [], alone: [one], settled: [duplicate(one)] })
})

test.each([
  ['the data of one', '23514'],
  ['where a site lives', '57M02'],
  ['a site that is about to move', '57M01'],
])('where it fails by %s, each is tried alone and answered for itself', async (_, code) => {
  const settled = [duplicate(one), '57M01', duplicate(two)]
  expect(await tried([one, three, two], code)).toEqual({ together: [3], alone: [one, three, two], settled })
})

test.each(['ECONNREFUSED', '57014', '53300'])('while a database is away (%s) nothing is tried alone', async (code) => {
  expect(await tried([one, two], code)).toEqual({ together: [2], alone: [], settled: [code, code] })
})
