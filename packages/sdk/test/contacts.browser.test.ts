import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { openChromium, say } from './chromium.ts'
import { openSite, pageOf, type Site } from './site.ts'

let browser: Browser
let person: BrowserContext
let site: Site
let page: Page
beforeAll(async () => {
  browser = await openChromium()
  person = await browser.newContext()
  await person.route(/example/, (route) => route.fulfill({ contentType: 'text/html', body: 'Elsewhere' }))
})
afterAll(() => browser.close())
// A page of its own each: one that has followed a `tel:` asks the person about it, and hears of nothing else.
beforeEach(async () => {
  site = await openSite()
  page = await person.newPage()
})
afterEach(async () => {
  for (const opened of person.pages()) await opened.close()
  await site.close()
})

const open = async (body: string, attributes = '') => {
  site.html = pageOf(attributes, body)
  await page.goto(`${site.url}/p/1`)
}

const told = async () => {
  await say(page, (balise) => balise.flush())
  const events = site.batches().flatMap(({ events }) => events)
  return events.filter(({ kind }) => kind === 'contact' || kind === 'custom')
}

const phone = { kind: 'contact', channel: 'phone', target: '+237600000000' }
const tel = 'tel:+237600000000'
const click = (page: Page) => page.getByText('Call').click()

const shapes: { shape: string; html: string; press?: (page: Page) => Promise<unknown>; tells?: object[] }[] = [
  { shape: 'a plain link', html: `<a href="${tel}">Call</a>` },
  { shape: 'a link around other elements', html: `<a href="${tel}"><b><i>Call</i></b></a>` },
  {
    shape: 'a link around an icon that is drawn by reference',
    html: `<svg style="display: none"><path id="icon" d="M0 0h50v50H0z" /></svg><a href="${tel}"><svg><use href="#icon" /></svg></a>`,
    press: (page) => page.locator('use').click(),
  },
  { shape: 'a link inside an SVG', html: `<svg><a href="${tel}"><text y="20">Call</text></a></svg>` },
  { shape: 'an SVG link of the old kind', html: `<svg><a xlink:href="${tel}"><text y="20">Call</text></a></svg>` },
  {
    shape: 'a part of an image',
    html: `<img usemap="#m" width="50" height="50" src="data:image/gif;base64,R0lGODlhAQABAAAAACw="><map name="m"><area shape="rect" coords="0,0,50,50" href="${tel}"></map>`,
    press: (page) => page.locator('img').click(),
  },
  {
    shape: 'a link in a shadow root in a shadow root',
    html: `<div></div><script>
      const inner = document.querySelector('div').attachShadow({ mode: 'open' }).appendChild(document.createElement('p'))
      inner.attachShadow({ mode: 'open' }).innerHTML = '<a href="${tel}">Call</a>'
    </script>`,
  },
  {
    shape: 'a link around a slot',
    html: `<div><b>Call</b></div><script>document.querySelector('div').attachShadow({ mode: 'open' }).innerHTML = '<a href="${tel}"><slot></slot></a>'</script>`,
  },
  {
    shape: 'a component whose name begins with an a, and that leads nowhere',
    html: `<app-card>Call</app-card><script>document.querySelector('app-card').href = '${tel}'</script>`,
    tells: [],
  },
  {
    shape: 'a link added later',
    html: '<p></p>',
    press: async (page) => {
      await page.evaluate((tel) => {
        document.body.innerHTML = `<a href="${tel}">Call</a>`
      }, tel)
      await click(page)
    },
  },
  { shape: 'a link whose default the page prevents', html: `<a href="${tel}" onclick="return false">Call</a>` },
  {
    shape: 'a link whose click the page stops',
    html: `<p onclick="event.stopPropagation()"><a href="${tel}" onclick="event.stopImmediatePropagation()">Call</a></p>`,
  },
  {
    shape: 'a link that opens a new tab',
    html: `<a target="_blank" href="${tel}">Call</a>`,
  },
  {
    shape: 'a link followed by the middle button',
    html: `<a href="${tel}">Call</a>`,
    press: (page) => page.getByText('Call').click({ button: 'middle' }),
  },
  {
    shape: 'a link followed by key',
    html: `<a href="${tel}">Call</a>`,
    press: async (page) => {
      await page.getByText('Call').focus()
      await page.keyboard.press('Enter')
    },
  },
  {
    shape: 'a link followed by script',
    html: `<a href="${tel}">Call</a>`,
    press: (page) => page.evaluate(() => document.querySelector('a')?.click()),
  },
  { shape: 'a link in a label', html: `<label><a href="${tel}">Call</a><input type="checkbox"></label>` },
  {
    shape: 'a link that says it is disabled, and is not',
    html: `<a aria-disabled="true" href="${tel}">Call</a>`,
    press: (page) => page.getByText('Call').click({ force: true }),
  },
  { shape: 'a link in a disabled fieldset', html: `<fieldset disabled><a href="${tel}">Call</a></fieldset>` },
  {
    shape: 'a link that is pressed twice',
    html: `<a href="${tel}">Call</a>`,
    press: async (page) => {
      await click(page)
      await click(page)
    },
    tells: [phone, phone],
  },
  {
    shape: 'a disabled button in a link',
    html: `<a href="${tel}"><button disabled>Call</button></a>`,
    press: (page) => page.getByText('Call').click({ force: true }),
    tells: [],
  },
  {
    shape: 'a link whose menu is opened',
    html: `<a href="${tel}">Call</a>`,
    press: (page) => page.getByText('Call').click({ button: 'right' }),
    tells: [],
  },
  { shape: 'a link that leads nowhere', html: '<a>Call</a>', tells: [] },
  { shape: 'a link within this site', html: '<a href="#call">Call</a>', tells: [] },
  { shape: 'a text that only looks like one', html: `<p data-href="${tel}">Call</p>`, tells: [] },
]

describe('a contact is told once', () => {
  test.each(shapes)('for $shape', async ({ html, press = click, tells = [phone] }) => {
    await open(html)
    await press(page)
    expect(await told()).toMatchObject(tells)
    expect(await told()).toHaveLength(tells.length)
  })

  test('and the click goes where it was going, in the same task', async () => {
    await open(`<a href="mailto:hello@shop.example">Write</a>`)
    const prevented = page.evaluate(
      () => new Promise((resolve) => addEventListener('click', (event) => resolve(event.defaultPrevented))),
    )
    await page.getByText('Write').click()
    expect(await prevented).toBe(false)
    expect(await told()).toMatchObject([{ channel: 'email', target: 'hello@shop.example' }])
  })
})

describe('a form', () => {
  test.each([
    {
      shape: 'that is marked',
      html: '<form data-balise-form="quote"><button>Send</button></form>',
      tells: [{ channel: 'form', props: { form: 'quote' } }],
    },
    {
      shape: 'that is marked without a name',
      html: '<form data-balise-form><button>Send</button></form>',
      tells: [{ channel: 'form' }],
    },
    {
      shape: 'that a script takes over',
      html: '<form data-balise-form="quote" onsubmit="return false"><button>Send</button></form>',
      tells: [{ channel: 'form', props: { form: 'quote' } }],
    },
    {
      shape: 'with a field called like a method',
      html: '<form data-balise-form="quote"><input name="dataset"><button>Send</button></form>',
      tells: [{ props: { form: 'quote' } }],
    },
    { shape: 'that is not marked', html: '<form><button>Send</button></form>', tells: [] },
    {
      shape: 'that is not filled in',
      html: '<form data-balise-form><input required><button>Send</button></form>',
      tells: [],
    },
  ])('$shape is told as it is submitted', async ({ html, tells }) => {
    await open(html)
    await page.getByText('Send').click()
    await page.waitForLoadState()
    expect(await told()).toMatchObject(tells)
    expect(await told()).toHaveLength(tells.length)
  })
})

describe('a link that leaves', () => {
  const link = (name: string, url: string, host: string) => ({ kind: 'custom', name, props: { url, host } })

  test.each([
    {
      to: 'another host',
      html: '<a href="https://blog.example/post?utm_source=x&token=s3cret#part">Go</a>',
      tells: () => [link('outbound_link', 'https://blog.example/post?utm_source=x', 'blog.example')],
    },
    {
      to: 'a file of this site',
      html: '<a href="/menu.pdf?v=2" target="_blank">Go</a>',
      tells: () => [link('file_download', `${site.url}/menu.pdf`, site.url.slice(7))],
    },
    {
      to: 'a file elsewhere',
      html: '<a href="https://files.example/a.ZIP">Go</a>',
      tells: () => [link('file_download', 'https://files.example/a.ZIP', 'files.example')],
    },
    {
      to: 'what is to be saved',
      html: '<a href="/export" download>Go</a>',
      tells: () => [link('file_download', `${site.url}/export`, site.url.slice(7))],
    },
    {
      to: 'a person',
      html: '<a href="https://wa.me/237600000000" onclick="return false">Go</a>',
      tells: () => [{ kind: 'contact', channel: 'whatsapp', target: '237600000000' }],
    },
    { to: 'another page of this site', html: '<a href="/about">Go</a>', tells: () => [] },
    { to: 'a script', html: '<a href="javascript:void 0">Go</a>', tells: () => [] },
    { to: 'an address that is none', html: '<a href="https://">Go</a>', tells: () => [] },
  ])('for $to is told', async ({ html, tells }) => {
    await open(html)
    await page.getByText('Go').click()
    await page.waitForLoadState()
    await site.events(1)
    const events = () =>
      site
        .batches()
        .flatMap(({ events }) => events)
        .filter(({ kind }) => kind === 'contact' || kind === 'custom')
    await expect.poll(events, { timeout: 10_000 }).toMatchObject(tells())
    expect(events()).toHaveLength(tells().length)
  })
})

describe('what the HTML marks', () => {
  const signup = { kind: 'custom', name: 'signup', props: { plan: 'pro' } }
  const marks = 'data-balise-event="signup" data-balise-prop-plan="pro"'

  test.each([
    { shape: 'a button', html: `<button ${marks}>Go</button>`, tells: [signup] },
    { shape: 'a button around other elements', html: `<button ${marks}><b>Go</b></button>`, tells: [signup] },
    { shape: 'an SVG', html: `<svg ${marks}><text y="20">Go</text></svg>`, tells: [signup] },
    {
      shape: 'a button in a shadow root',
      html: `<div></div><script>document.querySelector('div').attachShadow({ mode: 'open' }).innerHTML = '<button ${marks}>Go</button>'</script>`,
      tells: [signup],
    },
    {
      shape: 'the nearest of two',
      html: `<p data-balise-event="outer"><button ${marks}>Go</button></p>`,
      tells: [signup],
    },
    {
      shape: 'a label, whose control is pressed with it',
      html: `<label ${marks}>Go<input type="checkbox"></label>`,
      tells: [signup],
    },
    { shape: 'a control, by its label', html: `<label>Go<input type="checkbox" ${marks}></label>`, tells: [signup] },
    {
      shape: 'a form, as it is submitted',
      html: `<form ${marks} onsubmit="return false"><button>Go</button></form>`,
      tells: [signup],
    },
    { shape: 'a form that only was clicked', html: `<form ${marks}><p>Go</p></form>`, tells: [] },
    { shape: 'a disabled button', html: `<button disabled ${marks}>Go</button>`, tells: [] },
    {
      shape: 'without properties',
      html: '<button data-balise-event="plain">Go</button>',
      tells: [{ name: 'plain', props: {} }],
    },
    { shape: 'without a name', html: '<button data-balise-event>Go</button>', tells: [] },
  ])('is told for $shape', async ({ html, tells }) => {
    await open(html, 'data-with="marked-events"')
    await page.waitForLoadState('networkidle')
    await page.getByText('Go').click({ force: true })
    expect(await told()).toMatchObject(tells)
    expect(await told()).toHaveLength(tells.length)
  })
})
