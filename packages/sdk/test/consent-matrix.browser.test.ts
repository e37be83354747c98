import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Balise, ConsentLevel, Options } from '../src/api.ts'
import { openChromium } from './chromium.ts'
import { openSite, type Site } from './site.ts'

/** Everything that has a say: the site, the browser, the visitor, and a platform at first and after a change. */
type World = {
  usual: ConsentLevel
  gpc: boolean
  dnt: boolean
  opted_out: boolean
  first: ConsentLevel | undefined
  then: ConsentLevel | undefined
}

/** What came of it: the level each time, what is stored in the end, and under which level each event was sent. */
type Outcome = { levels: [ConsentLevel, ConsentLevel]; stored: string[]; sent: { [name: string]: ConsentLevel } }

const levels = ['none', 'anonymous', 'analytics', 'marketing'] as const
const says = [undefined, ...levels]
const signals = [false, true].flatMap((gpc) => [false, true].map((dnt) => ({ gpc, dnt })))
const worlds: World[] = signals.flatMap((signal) =>
  [false, true].flatMap((opted_out) =>
    levels.flatMap((usual) =>
      says.flatMap((first) => says.map((then) => ({ ...signal, opted_out, usual, first, then }))),
    ),
  ),
)

let browser: Browser
let site: Site
const people: BrowserContext[] = []
const outcomes = new Map<World, Outcome>()

/** Lives through `worlds` on one page, each with a tracker of a site of its own, through the public door alone. */
const live = async (worlds: World[]): Promise<Omit<Outcome, 'sent'>[]> => {
  const { createBalise } = window as unknown as { createBalise: (options: Options) => Balise }
  return Promise.all(
    worlds.map(async ({ usual, opted_out, first, then }, nth) => {
      const options = { site: `world-${nth}`, endpoint: location.origin, consent: usual, capture: [] }
      if (opted_out) createBalise(options).optOut()
      let answer = first
      let change = () => {}
      const balise = createBalise(options)
      balise.consent.connect({
        read: () => answer,
        on: (act) => {
          change = act
        },
      })
      balise.track('before')
      const before = balise.consent.get()
      answer = then
      change()
      balise.track('after')
      const after = balise.consent.get()
      await balise.flush()
      const prefix = `balise:${options.site}:`
      const keys = Object.keys(localStorage).filter((key) => key.startsWith(prefix))
      return { levels: [before, after] as const, stored: keys.map((key) => key.slice(prefix.length)).sort() }
    }),
  ) as Promise<Omit<Outcome, 'sent'>[]>
}

const enter = async ({ gpc, dnt }: Pick<World, 'gpc' | 'dnt'>): Promise<Page> => {
  const person = await browser.newContext()
  people.push(person)
  await person.addInitScript(
    `for (const [name, value] of [['globalPrivacyControl', ${gpc}], ['doNotTrack', ${dnt ? "'1'" : 'null'}]])
       Object.defineProperty(navigator, name, { value })`,
  )
  const page = await person.newPage()
  await page.goto(site.url)
  return page
}

beforeAll(async () => {
  browser = await openChromium()
  site = await openSite()
  site.html = `<!doctype html><script type="module">import { createBalise } from '/index.js'; window.createBalise = createBalise</script>`
  for (const signal of signals) {
    const page = await enter(signal)
    const here = worlds.filter(({ gpc, dnt }) => gpc === signal.gpc && dnt === signal.dnt)
    const posted = site.batches().length
    const lived = await page.evaluate(live, here)
    const batches = site.batches().slice(posted)
    here.forEach((world, nth) => {
      const sent = batches
        .filter(({ site }) => site === `world-${nth}`)
        .flatMap(({ consent, events }) => events.map((event) => ['name' in event ? event.name : '', consent]))
      const { levels, stored } = lived[nth] ?? { levels: ['none', 'none'], stored: ['nothing lived'] }
      outcomes.set(world, { levels, stored, sent: Object.fromEntries(sent) })
    })
  }
})
afterAll(async () => {
  for (const person of people) await person.close()
  await site.close()
  await browser.close()
})

/** What has to come of a world, told as a list of who is asked first. */
const expected = ({ usual, gpc, dnt, opted_out, first, then }: World): Outcome => {
  const stored = opted_out ? ['opt-out'] : []
  if (opted_out || gpc || dnt) return { levels: ['none', 'none'], stored, sent: {} }

  const rank = (level: ConsentLevel) => levels.indexOf(level)
  const before = first ?? usual
  // Who becomes undecided falls back to what is usual, and never rises to it.
  const isTakenBack = first !== undefined && rank(first) >= rank(usual)
  const after = then ?? (isTakenBack ? usual : before)
  const isUndecided = then === undefined && (first === undefined || isTakenBack)
  const mayKeep = rank(after) >= rank('analytics')

  const isDropped = first === 'none' || after === 'none'
  const sent: Outcome['sent'] = after === 'none' ? {} : isDropped ? { after } : { before: after, after }
  return {
    levels: [before, after],
    stored: mayKeep ? ['person'] : [],
    sent: isUndecided && usual === 'none' ? {} : sent,
  }
}

test('the worlds are all there', () =>
  expect(new Set(worlds.map((world) => JSON.stringify(world))).size).toBe(worlds.length))

test.each(worlds)(
  'usual $usual, GPC $gpc, DNT $dnt, opted out $opted_out, a platform that says $first and then $then',
  (world) => expect(outcomes.get(world)).toEqual(expected(world)),
)
