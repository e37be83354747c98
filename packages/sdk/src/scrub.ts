import type { ConsentLevel } from '@balise/shared/wire/consent'
import { url_chars_max } from './limits.ts'

/**
 * An address as it may leave the browser: no user, no fragment, of its query only the campaign, what the site's own
 * `allow` finds in a parameter's name (a pattern without `g`), and at `marketing` the click; scrubbed.
 */
export const scrubUrl = (href: string, level: ConsentLevel | undefined, allow?: RegExp): string => {
  const { protocol, host, pathname, search } = new URL(href, location.href)
  const query = search.replace(/[?&]([^&=]*)[^&]*/g, (parameter, name) =>
    // A click, such as `gclid`, `msclkid`, `gbraid`, points at one person; being random, it would not outlive scrubbing.
    level === 'marketing' && /(clk?id|braid)$/.test(name)
      ? parameter
      : /^utm_/.test(name) || allow?.test(name)
        ? scrub(parameter)
        : '',
  )
  return `${protocol}//${host}${scrub(pathname)}${query.replace(/^&/, '?')}`.slice(0, url_chars_max)
}

/**
 * A text without what names or admits one person: `:email`, `:token`, `:iban`, `:card` and `:phone` stand in its place,
 * however often it was percent-encoded. Never longer than it was, and in time linear to it: a pattern takes the whole of a
 * run, or gives up on it after so many characters. What is cut and what is left: `test/fixtures/scrub.ts`.
 */
export const scrub = (text: string): string =>
  text.replace(/[^/?&=#]+/g, (part) => {
    const plain = part.replace(/%(?:25)*([2-4].)/g, (_, hex) => unescape(`%${hex}`))
    const clean = plain
      .replace(/[^\s:,("<@]+(@[^\s:,@]+\.[a-z]{2,})?/gi, (run, host) => (host ? ':email' : run))
      .replace(/(eyJ|AKIA|[prs]k_(?:live|test)_|gh[o-u]_|xox[abp-s]-)?[\w.-]{16,}/g, (run, known) =>
        known || isRandom(run) ? ':token' : run,
      )
      .replace(/\b[A-Z]{2}\d\d(\s?)(?:[A-Z\d]{4}\1){3,7}[A-Z\d]{1,4}\b/g, ':iban')
      .replace(/\b(?!20)[2-9]\d{3}([\s+-]?)(\d{4}\1\d{4}\1(\d{2,4}|\d{6,7})|\d{6}\1\d{4,5})\b/g, (run, gap) =>
        gap || addsUp(run) ? ':card' : run,
      )
      // After a `+`, after a 0 with gaps, or as North America writes its numbers; but no date before a time, no part of a UUID.
      .replace(
        /\(?(\+\d|\b0(?=0?[1-9]\d{0,3}[^\w:,])|\b[2-9](?=\d\d[^\w:,]{1,2}[2-9]\d\d[^\w:,]\d{4}\b))([^\w:,]{0,2}\d){8,14}(?!\w|[:-][\da-f]+\b)/g,
        ':phone',
      )
    // What only decoding or cutting has brought together takes another look; each leaves less, or one `@` fewer.
    return clean === plain ? part : scrub(clean)
  })

/**
 * Whether a run of letters and digits looks drawn: 28 characters or more, a digit among them, that change at least five
 * times between letter and digit or to upper case. Of 256-bit secrets 99 in 100 do. A UUID is a name and no secret (RFC 9562, 8).
 */
const isRandom = (run: string): unknown =>
  run[27] && /\d/.test(run) && !/-....-/.test(run) && run.match(/\d[a-zA-Z]|[a-z][A-Z\d]/g)?.[4]

/** Whether the last digit is the check digit of the others: ISO/IEC 7812-1, annex B. */
const addsUp = (digits: string): boolean => {
  let sum = 0
  let left = digits.length
  for (const digit of digits) sum += left-- % 2 ? +digit : (+digit * 2) % 9 || +digit
  return sum % 10 === 0
}
