/** A table as text: the first column to the left, the others to the right, with two spaces in between. */
export const table = (rows: string[][]): string => {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)))
  const line = (row: string[]) =>
    widths
      .map((width, column) => {
        const cell = row[column] ?? ''
        return column === 0 ? cell.padEnd(width) : cell.padStart(width)
      })
      .join('  ')
      .trimEnd()
  const [head = [], ...body] = rows
  return [line(head), widths.map((width) => '─'.repeat(width)).join('  '), ...body.map(line)].join('\n')
}

/** A whole number with commas; `–` for what is absent. */
export const whole = (value: number | undefined): string =>
  value === undefined ? '–' : Math.round(value).toLocaleString('en')

/** A number with one decimal; `–` for what is absent. */
export const decimal = (value: number | undefined): string => (value === undefined ? '–' : value.toFixed(1))

/** A share as a percentage of its whole; `–` where either is absent. */
export const percent = (part: number | undefined, of: number | undefined): string =>
  part === undefined || of === undefined ? '–' : `${((100 * part) / of).toFixed(part < of / 10 ? 1 : 0)} %`

/** The middle value. */
export const median = (values: number[]): number => {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 ? (sorted[middle] ?? 0) : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2
}

/** A table in Markdown: the first column to the left, the others to the right. */
export const markdown = ([head = [], ...rows]: string[][]): string =>
  [head, head.map((_, nth) => (nth ? '--:' : '---')), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n')
