/**
 * Whether a JSON text nests deeper than `depth_max`. It is asked before the text is parsed and walks it once, without
 * recursion: what reads a parsed value walks it by calling itself, and a deep enough one ends the stack.
 */
export const nestsDeeper = (json: string, depth_max: number): boolean => {
  let depth = 0
  for (let at = 0; at < json.length; at++) {
    const sign = json[at]
    if (sign === '"') at = endOfString(json, at)
    else if (sign === '{' || sign === '[') depth += 1
    else if (sign === '}' || sign === ']') depth -= 1
    if (depth > depth_max) return true
  }
  return false
}

/** Where the string that begins at `at` ends; the end of the text where it does not. */
const endOfString = (json: string, at: number): number => {
  for (let end = json.indexOf('"', at + 1); end !== -1; end = json.indexOf('"', end + 1))
    if (!isEscaped(json, end)) return end
  return json.length
}

/** An odd number of backslashes before it. */
const isEscaped = (json: string, at: number): boolean => {
  let backslashes = 0
  while (json[at - 1 - backslashes] === '\\') backslashes += 1
  return backslashes % 2 === 1
}
