import { type Browser, type BrowserContext, type BrowserContextOptions, chromium } from 'playwright-core'
import { ensureChromium } from '../../dev/chromium.ts'

/** A headless Chromium calls itself one, and a site that refuses bots turns it away. */
const agent = 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0.0.0 Safari/537.36'

/**
 * Opens a real Chromium, without a window, that knows no host but this machine. All of it is told to the browser, not to a
 * page: what Playwright overrides or intercepts page by page, a request that outlives its page escapes or does not survive.
 */
export const openChromium = (): Promise<Browser> =>
  chromium.launch({
    executablePath: ensureChromium(),
    args: [
      '--no-sandbox',
      '--disable-background-networking',
      '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1',
      `--user-agent=${agent}`,
    ],
  })

/** A person whom nobody has seen before, with a browser profile of their own. */
export const visitor = (browser: Browser, options: BrowserContextOptions = {}): Promise<BrowserContext> =>
  browser.newContext({ locale: 'fr-FR', ...options })
