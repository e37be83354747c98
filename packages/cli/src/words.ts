import { parseArgs } from 'node:util'
import { type Option, options, type Values } from './options.ts'
import { usage } from './usage.ts'
import { type Verb, verbs } from './verbs.ts'

/** What an operator's words say: that they want help, or a verb with its site and its options. */
export type Said = 'help' | { verb: Verb; key: string; options: Values }

const shapes = {
  help: { type: 'boolean', short: 'h' } as const,
  ...Object.fromEntries(Object.keys(options).map((name) => [name, { type: 'string' } as const])),
}

/** Reads words by the tables of verbs and of options. Throws a sentence on the first that is missing, or that means nothing. */
export const saidBy = (words: string[]): Said => {
  const { tokens, positionals } = parseArgs({
    args: words,
    options: shapes,
    strict: false,
    allowPositionals: true,
    tokens: true,
  })
  const given = tokens.filter((token) => token.kind === 'option')
  if (given.some(({ name }) => name === 'help')) return 'help'

  const [name, verb] = verbIn(positionals)
  const stranger = given.find((option) => !isKnown(option.name, verb))
  if (stranger)
    throw new Error(`balise ${name} does not know ${stranger.rawName}. It knows ${listOf(verb.knows) || 'no options'}.`)
  return { verb, options: valuesOf(given), key: keyIn(positionals.slice(name.split(' ').length), name, verb) }
}

/** The verb that words begin with: of two words, or of one. */
const verbIn = ([first = '', second]: string[]): [name: string, verb: Verb] => {
  for (const name of [`${first} ${second}`, first]) {
    const verb = Object.hasOwn(verbs, name) && verbs[name]
    if (verb) return [name, verb]
  }
  throw new Error(usage)
}

const isKnown = (name: string, { knows }: Verb): name is Option => knows.some((known) => known === name)

const listOf = (names: readonly Option[]): string => names.map((name) => `--${name}`).join(', ')

const keyIn = (names: string[], name: string, { takes_key }: Verb): string => {
  const [key = '', ...others] = takes_key ? names : ['', ...names]
  if (takes_key && !key) throw new Error(`Say which site: balise ${name} KEY`)
  if (others.length > 0) throw new Error(`balise ${name} does not know the word "${others[0]}". See balise --help.`)
  return key
}

type Token = { name: string; value?: string | undefined; inlineValue?: boolean | undefined }

/** What follows an option and begins like one is the next option: the first was said without a value. */
const textsOf = ({ value, inlineValue }: Token): string[] =>
  value === undefined || (!inlineValue && value.startsWith('-')) ? [] : [value]

const valuesOf = (given: Token[]): Values => {
  const tokens = Map.groupBy(given, ({ name }) => name as Option)
  return Object.fromEntries([...tokens].map(([name, said]) => [name, readBy(name, said.flatMap(textsOf))]))
}

const readBy = (name: Option, texts: string[]): unknown => {
  const { takes, said } = options[name]
  const { success, data } = said.safeParse(texts)
  if (success && texts.length > 0) return data
  const instead = texts.length > 0 ? `, not ${texts.map((text) => `"${text}"`).join(' and ')}` : ''
  throw new Error(`--${name} takes ${takes}${instead}.`)
}
