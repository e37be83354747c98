import { type Browser, chromium, type Page } from 'playwright-core'
import { ensureChromium } from '../../../dev/chromium.ts'
import type { Balise } from '../src/api.ts'

/** The page's own world, as far as a test looks into it. */
export type Shop = Window & typeof globalThis & { balise: Balise; touched: string[] }

/** Opens a real Chromium that keeps pages for going back, as people's browsers do. */
export const openChromium = (): Promise<Browser> =>
  chromium.launch({
    executablePath: ensureChromium(),
    args: ['--no-sandbox', '--disable-background-networking'],
    ignoreDefaultArgs: ['--disable-back-forward-cache'],
  })

/** Calls the tracker of a page: `say(page, (balise) => balise.track('x'))`. */
export const say = <Answer>(page: Page, act: (balise: Balise) => Answer): Promise<Answer> =>
  page.evaluate(`(${act})(window.balise)`) as Promise<Answer>
