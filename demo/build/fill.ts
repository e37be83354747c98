import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * What every page may load: its own origin and nothing else, and no script or style inside the page. A customer's site
 * can be as strict.
 */
const policy = [
  "default-src 'none'",
  ...['script', 'style', 'img', 'connect', 'frame'].map((kind) => `${kind}-src 'self'`),
  "base-uri 'none'",
  "form-action 'none'",
].join('; ')

/** A page from a file of this folder: each `{name}` gives way to its value. Throws where one has none. */
export const fill = (file: string, values: Record<string, string>): string =>
  readFileSync(join(import.meta.dirname, '..', file), 'utf8').replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = { policy, ...values }[name]
    if (value === undefined) throw new Error(`${file} wants a value for {${name}}`)
    return value
  })
