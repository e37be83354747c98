import golden from '@balise/shared/fixtures/batch.json' with { type: 'json' }
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Balise, Options } from '../src/api.ts'
import { openChromium, say } from './chromium.ts'
import { openSite, type Site } from './site.ts'

/** What the module gives, and the ids that only a test may bring. */
type Module = { createBalise: (options: Options & { id: () => string }) => Balise; engagement: () => never }

let browser: Browser
let site: Site
beforeAll(async () => {
  browser = await openChromium()
  site = await openSite()
})
afterAll(async () => {
  await browser.close()
  await site.close()
})
