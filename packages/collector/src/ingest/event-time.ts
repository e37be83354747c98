/** Within this a device's clock counts as right: the difference may as well be the request's way through the network. */
const skew_tolerated_ms = 60_000

/**
 * When an event happened, on the collector's clock. A device that says at sending "it is nine" when it is ten had all
 * its events an hour later than it says. What then still lies ahead by minutes happened, at the latest, now.
 *
 * Both arguments and the result of the device are milliseconds since 1970; the result can lie far off where the device
 * sent nonsense: {@link checks} judge it.
 */
export const eventTimeOf = (at: number, sent_at: number, received_at: Date): Date => {
  const skew_ms = received_at.getTime() - sent_at
  const corrected = Math.abs(skew_ms) > skew_tolerated_ms ? at + skew_ms : at
  return new Date(corrected)
}
