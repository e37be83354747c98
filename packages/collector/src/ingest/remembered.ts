type Bounds = { entries_max: number; chars_max: number }

/**
 * `read` with its answers at hand: what was read once is a look-up the next time. It forgets them all at `entries_max`
 * and never keeps a text of more than `chars_max`, so that nobody can fill the memory by sending what is long or never
 * repeats.
 */
export const remembered = <Value>({ entries_max, chars_max }: Bounds, read: (text: string) => Value) => {
  const answers = new Map<string, Value>()
  return (text: string): Value => {
    const known = answers.get(text)
    if (known !== undefined || answers.has(text)) return known as Value
    const value = read(text)
    if (text.length > chars_max) return value
    if (answers.size >= entries_max) answers.clear()
    answers.set(text, value)
    return value
  }
}
