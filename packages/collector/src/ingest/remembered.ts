/**
 * `read` with its answers at hand: what was read once is a look-up the next time. At `entries_max` answers it forgets
 * them all and begins anew, so that nobody can fill the memory by sending what never repeats.
 */
export const remembered = <Value>(entries_max: number, read: (text: string) => Value): ((text: string) => Value) => {
  const answers = new Map<string, Value>()
  return (text) => {
    const known = answers.get(text)
    if (known !== undefined || answers.has(text)) return known as Value
    const value = read(text)
    if (answers.size >= entries_max) answers.clear()
    answers.set(text, value)
    return value
  }
}
