import { type Told, unquoted } from './hints.ts'

/** What a page was seen on. Watches and headsets are `wearable`, cars `embedded`. */
export type Device = 'desktop' | 'mobile' | 'tablet' | 'tv' | 'console' | 'wearable' | 'embedded'

/** `Sec-CH-UA-Form-Factors` may name several; the first row that is among them decides. */
const forms: readonly [form: string, device: Device][] = [
  ['Watch', 'wearable'],
  ['XR', 'wearable'],
  ['Automotive', 'embedded'],
  ['Tablet', 'tablet'],
  ['Mobile', 'mobile'],
  ['Desktop', 'desktop'],
]

/** Things that no hint of "mobile" or "not mobile" tells, as `ua-parser-js` reads them in the agent. */
const things = new Map<string, Device>([
  ['console', 'console'],
  ['smarttv', 'tv'],
  ['wearable', 'wearable'],
  ['embedded', 'embedded'],
])

/** Phones from before the word `Mobile`, and what still runs on them. */
const phone =
  /\b(?:Mobile|J2ME|MIDP|BREW|Symbian\w*|SymbOS|Series ?[46]0|KAIOS|UCWEB\w*|BlackBerry\w*|Opera Mini|NetFront|Obigo\w*)\b/i

/** The kind of device: from its form factors, from what the agent says it is, from the hint "mobile", from the agent. */
export const deviceOf = (told: Told, type: string | undefined): Device => {
  const told_forms = told.form_factors.split(',').map(unquoted)
  const form = forms.find(([name]) => told_forms.includes(name))
  if (form) return form[1]

  const thing = type && things.get(type)
  if (thing) return thing
  if (told.mobile === '?1') return 'mobile'
  if (told.mobile === '?0' && unquoted(told.platform) === 'Android') return 'tablet'
  if (type === 'mobile' || type === 'tablet') return type
  return phone.test(told.agent) ? 'mobile' : 'desktop'
}
