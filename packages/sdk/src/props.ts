import type { Props } from './api.ts'
import { prop_key_chars_max, prop_value_chars_max, props_max } from './limits.ts'

/** As much of the given properties as the wire holds; what is no text, number or boolean is left out. */
export const propsOf = (given: Props | undefined): Props | undefined => {
  if (!given) return undefined
  const props: { [name: string]: Props[string] } = {}
  for (const [name, value] of Object.entries(given).slice(0, props_max))
    if (typeof value !== 'object')
      props[name.slice(0, prop_key_chars_max)] =
        typeof value === 'string' ? value.slice(0, prop_value_chars_max) : value
  return props
}
