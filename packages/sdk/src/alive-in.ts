/**
 * The value of a kept `"value moment"`, or `''` once the moment is `ms_max` away. Either of two moments may come first: a
 * device's clock may have been set back.
 */
export const aliveIn = (kept: string, at_ms: number, ms_max: number): string => {
  const [value = '', moment] = kept.split(' ')
  return Math.abs(at_ms - Number(moment)) < ms_max ? value : ''
}
