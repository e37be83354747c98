import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Question, ValueDimension } from '../packages/shared/src/stats/query.ts'
import { startWorkerd } from './setup/platforms.ts'
import { openShop, type Shop } from './setup/shop.ts'
import { openChromium, visitor } from './setup/visitor.ts'

let browser: Browser
let shop: Shop
beforeAll(async () => {
  const opening = openShop(startWorkerd)
  browser = await openChromium()
  shop = await opening
})
afterAll(async () => {
  await browser.close()
  await shop.close()
})

/** On a busy machine: how soon it is by itself, `bench:query` measures. */
const patience_ms = 15_000

const eventsOf = (dimension: ValueDimension, value: string): Question => ({
  site: 'demo',
  date_range: '7d',
  metrics: ['events'],
  dimensions: [dimension],
  filters: ['is', dimension, [value]],
})

const panelOf = (page: Page) => page.frameLocator('.panel')

/** What a person does on which page, and where it is to be seen. */
const deeds: { says: string; on: string; click: string; dimension: ValueDimension; value: string }[] = [
  { says: 'a page', on: '/', click: 'Panier eru', dimension: 'event:path', value: '/p/eru/' },
  {
    says: 'an API call',
    on: '/p/ndole/',
    click: 'Voir le stock',
    dimension: 'event:endpoint',
    value: '/api/baskets/:id/stock.json',
  },
  { says: 'a call by phone', on: '/contact/', click: 'Appeler', dimension: 'event:channel', value: 'phone' },
  { says: 'a mail', on: '/contact/', click: 'Écrire un mail', dimension: 'event:channel', value: 'email' },
  { says: 'a WhatsApp chat', on: '/contact/', click: 'WhatsApp', dimension: 'event:channel', value: 'whatsapp' },
  { says: 'a subscription', on: '/', click: 'S’abonner', dimension: 'event:name', value: 'signup' },
]

test.each(deeds)('$says is soon in the answer, and in the panel beside it', async ({ on, click, dimension, value }) => {
  const person = await visitor(browser)
  const page = await person.newPage()
  await page.goto(shop.url + on)
  await page.getByText(click).first().click()
  await expect
    .poll(() => shop.ask(eventsOf(dimension, value)), { timeout: patience_ms })
    .toEqual([[value, expect.any(Number)]])
  // WhatsApp opens a tab, and a panel that nobody sees asks nothing.
  await page.bringToFront()
  await panelOf(page).locator(`[data-value="${value}"]`).waitFor()
  await person.close()
})

test('the panel asks again and again, and none of that is counted', async () => {
  const person = await visitor(browser)
  const page = await person.newPage()
  await page.goto(shop.url)
  const asked = panelOf(page).getByText(/En direct, 8 réponses en \d+ ms/)
  await asked.waitFor()
  await page.evaluate('balise.flush()')
  const known = ['(none)', '/api/baskets/:id/stock.json']
  expect(await shop.ask({ metrics: ['events'], filters: ['not', ['is', 'event:endpoint', known]] })).toEqual([[0]])
  await panelOf(page).getByText('Question et réponse').first().click()
  await expect(panelOf(page).locator('pre').first().textContent()).resolves.toContain(
    '"metrics": ["visitors", "visits"',
  )
  await person.close()
})

test('who allows nothing sends nothing, on this page and the next', async () => {
  const person = await visitor(browser)
  const page = await person.newPage()
  await page.goto(shop.url)
  await page.getByRole('radio', { name: 'Rien' }).check()
  await page.evaluate('balise.flush()')
  const sent: string[] = []
  person.on('request', (request) => sent.push(new URL(request.url()).pathname))
  await page.reload()
  await page.getByRole('button', { name: 'S’abonner' }).click()
  await page.getByRole('link', { name: 'Contact' }).click()
  await page.getByText('Niveau en vigueur : rien').waitFor()
  await page.evaluate('balise.flush()')
  expect(sent).toContain('/contact/')
  expect(sent).not.toContain('/v1/events')
  expect(await page.evaluate('Object.keys(localStorage)')).toEqual(['paniers.level'])
  await person.close()
})

test('who asks to be forgotten is given a receipt, and is in no answer any more', async () => {
  const person = await visitor(browser)
  const page = await person.newPage()
  await page.goto(`${shop.url}/p/dg/`)
  await page.getByRole('radio', { name: 'Audience' }).check()
  await page.evaluate("balise.track('tasted')")
  const tasted = () => shop.ask(eventsOf('event:name', 'tasted'))
  await expect.poll(tasted, { timeout: patience_ms }).toEqual([['tasted', 1]])
  await page.getByRole('button', { name: 'M’oublier' }).click()
  await page.getByText('Voici votre reçu').waitFor()
  await expect(page.getByRole('definition').allTextContents()).resolves.toEqual([
    expect.stringMatching(/^[\da-f]{8}-/),
    expect.stringContaining('20'),
    // A view that left within the second before the choice is nobody's.
    expect.stringMatching(/^[12]$/),
    '1',
  ])
  expect(await tasted()).toEqual([])
  await page.getByText('Niveau en vigueur : rien').waitFor()
  await person.close()
})

test('who opts out stays out after a reload, until they come back in', async () => {
  const person = await visitor(browser)
  const page = await person.newPage()
  await page.goto(shop.url)
  await page.getByRole('button', { name: 'Ne plus jamais me compter' }).click()
  await page.reload()
  await page.getByText('Niveau en vigueur : rien, comme vous le demandez').waitFor()
  await page.getByRole('button', { name: 'Ne plus jamais me compter', pressed: true }).click()
  await page.getByText('Niveau en vigueur : anonyme').waitFor()
  await person.close()
})

test('every page of the shop and the docs loads whole under the strictest policy, and no link leads nowhere', async () => {
  const person = await visitor(browser)
  const page = await person.newPage()
  const troubles: string[] = []
  page.on('console', (message) => message.type() === 'error' && troubles.push(message.text()))
  page.on('pageerror', (error) => troubles.push(error.message))
  const found = new Set(['/'])
  const places = new Set<string>()
  const wanted = new Set<string>()
  for (const path of found) {
    const response = await page.goto(shop.url + path)
    expect(response?.status(), path).toBe(200)
    for (const id of await page.locator('[id]').evaluateAll((all) => all.map(({ id }) => id)))
      places.add(`${path}#${id}`)
    const links = await page
      .locator('a[href^="/"], a[href^="#"]')
      .evaluateAll((all) => all.map((link) => link.getAttribute('href')))
    for (const link of links) {
      const [to = '', place] = new URL(link ?? '', shop.url + path).href.slice(shop.url.length).split('#')
      found.add(to)
      if (place) wanted.add(`${to}#${place}`)
    }
  }
  expect(troubles).toEqual([])
  expect([...found]).toEqual(expect.arrayContaining(['/p/ndole/', '/p/moungo/', '/contact/', '/docs/', '/docs/sdk/']))
  expect(wanted).toContain('/docs/sdk/#consent')
  expect([...wanted].filter((place) => !places.has(place))).toEqual([])
  await person.close()
})
