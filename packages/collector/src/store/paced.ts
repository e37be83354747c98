/**
 * `act`, for whoever asks for it again and again: at once where it has rested for `every_ms` since it last began, and never
 * beside itself. Who asks in between has asked for nothing.
 */
export const createPaced = (options: {
  act: () => Promise<void>
  every_ms: number
  now: () => Date
}): (() => Promise<void>) => {
  const { act, every_ms, now } = options
  let is_acting = false
  let began_ms = Number.NEGATIVE_INFINITY
  return async () => {
    if (is_acting || now().getTime() - began_ms < every_ms) return
    is_acting = true
    began_ms = now().getTime()
    await act().finally(() => {
      is_acting = false
    })
  }
}
