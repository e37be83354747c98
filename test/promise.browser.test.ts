import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Dimension, Filter } from '../packages/shared/src/stats/query.ts'
import { startNode, startWorkerd } from './setup/platforms.ts'
import { openShop, type Shop } from './setup/shop.ts'
import { openChromium, visitor } from './setup/visitor.ts'

let browser: Browser
beforeAll(async () => {
  browser = await openChromium()
})
afterAll(() => browser.close())

/** How often attention is told depends on how often a page lost it; everything else is what the person did. */
const deeds: Filter = ['is_not', 'event:kind', ['engagement']]

describe.each([
  { platform: 'workerd, its queue, the gateway and the driver over HTTP', start: startWorkerd },
  { platform: 'a Node server', start: startNode },
])('through $platform', ({ start }) => {
  let shop: Shop
  beforeAll(async () => {
    shop = await openShop(start)
  })
  afterAll(() => shop.close())

  test('who visits three pages, calls an API, clicks a phone link and closes is counted exactly so', async () => {
    const person = await visitor(browser)
    const page = await person.newPage()
    await page.goto(shop.url)
    await page.getByRole('link', { name: 'Panier ndolé' }).click()
    await page.getByRole('button', { name: 'Voir le stock' }).click()
    await page.getByText('12 paniers prêts à Akwa').waitFor()
    await page.getByRole('link', { name: 'Contact' }).click()
    // Who leaves before the page has its scripts was never there.
    await page.waitForURL('**/contact/')
    await page.getByRole('link', { name: 'Appeler' }).click()
    await page.close()

    await expect.poll(() => shop.ask({ metrics: ['events'], filters: deeds }), { timeout: 10_000 }).toEqual([[5]])
    const by = (dimension: Dimension) => shop.ask({ metrics: ['events'], dimensions: [dimension], filters: deeds })
    expect({
      totals: await shop.ask({ metrics: ['visitors', 'visits', 'page_views', 'bounce_rate'] }),
      kinds: await by('event:kind'),
      paths: await by('event:path'),
      endpoints: await by('event:endpoint'),
      channels: await by('event:channel'),
      came: await shop.ask({ metrics: ['visits'], dimensions: ['visit:source', 'visit:entry_page', 'visit:browser'] }),
    }).toEqual({
      totals: [[1, 1, 3, 0]],
      kinds: [
        ['page_view', 3],
        ['api_call', 1],
        ['contact', 1],
      ],
      paths: [
        ['/contact/', 2],
        ['/p/ndole/', 2],
        ['/', 1],
      ],
      endpoints: [
        ['(none)', 4],
        ['/api/baskets/:id/stock.json', 1],
      ],
      channels: [
        ['(none)', 4],
        ['phone', 1],
      ],
      came: [['Direct', '/', 'Chrome', 1]],
    })
    await person.close()
  })
})
