/** The wait before the last attempt; the one before that was half as long, and so on. */
const wait_ms_max = 30_000

/**
 * Makes an attempt until it succeeds: at once, half a second later, and ever more rarely, 61 times in two minutes. For
 * what a page may load long after Balise, or never.
 */
export const retry = (attempt: () => unknown, left = 60): void => {
  if (!attempt() && left) setTimeout(retry, wait_ms_max / left, attempt, left - 1)
}
