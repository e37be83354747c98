import { Refusal } from '../dev/refusal.ts'

/** Reads a count from the command line, like `10_000_000`; refuses what is none. */
export const countOf = (text: string): number => {
  const number = Number(text.replaceAll('_', ''))
  if (!Number.isInteger(number) || number < 1) throw new Refusal(`"${text}" is no count: give a whole number above 0.`)
  return number
}
