import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { consentLevels } from '../src/wire/consent.ts'
import { envelope } from '../src/wire/envelope.ts'
import { contactChannels, eventKinds, wireEvent } from '../src/wire/event.ts'
import { limits } from '../src/wire/limits.ts'
import { refusalReasons } from '../src/wire/reply.ts'

const doc = readFileSync(new URL('../../../docs/events.md', import.meta.url), 'utf8')

const fields = [envelope, ...wireEvent.options].flatMap(({ shape }) => Object.keys(shape))

test.each([...new Set([...fields, ...eventKinds, ...contactChannels, ...consentLevels, ...refusalReasons])])(
  'docs/events.md tells what %s is',
  (name) => expect(doc).toContain(`\`${name}\``),
)

test.each([
  `body is ${limits.body_bytes_max / 1024} KiB`,
  `1 to ${limits.events_per_batch_max} events`,
  `${limits.event_age_days_max} days old`,
  `${limits.event_ahead_hours_max} hours ahead`,
  `1 to ${limits.site_chars_max} characters`,
  `signed in, 1 to ${limits.user_chars_max} characters`,
  `1 to ${limits.url_chars_max.toLocaleString('en')} characters`,
  `\`title\` | at most ${limits.title_chars_max} characters`,
  `\`name\`, 1 to ${limits.name_chars_max} characters`,
  `at most ${limits.props_max}; names of 1 to ${limits.prop_key_chars_max} characters`,
  `texts of at most ${limits.prop_value_chars_max} characters`,
  `at most ${limits.target_chars_max} characters: a keyed hash`,
])('docs/events.md says %s', (bound) => expect(doc.replaceAll(/\s+/g, ' ')).toContain(bound))
