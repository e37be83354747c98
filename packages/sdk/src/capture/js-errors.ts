import { prop_value_chars_max } from '../limits.ts'
import { listen } from '../listen.ts'
import type { Noticing } from '../street.ts'

/** How many errors one page may tell. */
const errors_max = 20

/** Not the site's doing: errors of extensions, and a note that browsers write as if it were one (csswg-drafts#5023). */
const foreign = /-extension:|^ResizeObserver loop/

/** The first place in a stack, as each engine writes it: `https://shop.example/app.js:12`. */
const place = /https?:[^\s()]+?:\d+(?=:\d)/

/**
 * Notices errors that nobody caught, each once and at most 20 per page, as the custom event `js_error` with the props
 * `message` and, where it is known, `source`: the first frame's file and line.
 */
export const jsErrors = (): Noticing => (tell) => {
  const told = new Set<string>()

  const note = (message: string, where: string): void => {
    // A file's address may carry a secret in its query.
    const source = where.replace(/[?#].*(?=:\d+$)/, '')
    const key = message + source
    if (foreign.test(key) || told.has(key) || told.size >= errors_max) return
    told.add(key)
    const props = { message: message.slice(0, prop_value_chars_max), source: source.slice(-prop_value_chars_max) }
    tell({ kind: 'custom', name: 'js_error', props })
  }

  listen('error', ({ message, filename, lineno }: ErrorEvent) => {
    // An image that does not load is no error of a script, and has no message.
    if (message) note(message, filename && `${filename}:${lineno}`)
  })
  listen('unhandledrejection', ({ reason }: PromiseRejectionEvent) =>
    note(String(reason), place.exec(reason?.stack)?.[0] ?? ''),
  )
}
