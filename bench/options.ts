import { type ParseArgsConfig, parseArgs } from 'node:util'
import { Refusal } from '../dev/refusal.ts'

type Options = NonNullable<ParseArgsConfig['options']>

/** What a bench was given on its command line; an option that it has not is refused, and those it has are named. */
export const optionsIn = <const Given extends Options>(args: string[], options: Given) => {
  try {
    return parseArgs<{ args: string[]; options: Given }>({ args, options }).values
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS'))) throw error
    const names = Object.keys(options).map((name) => `--${name}`)
    throw new Refusal(`${error.message.replace(/\.$/, '')}. This bench has ${names.join(', ')}.`)
  }
}

/** Refuses a name that is none of these, and names them. */
export const mustBeOf = (names: readonly string[], { option, given }: { option: string; given: readonly string[] }) => {
  const other = given.find((name) => !names.includes(name))
  if (other !== undefined) throw new Refusal(`--${option} "${other}" is none of: ${names.join('; ')}.`)
}
