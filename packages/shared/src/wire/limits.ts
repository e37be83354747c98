/**
 * What the wire can hold. Both ends read these: the SDK never sends more, the collector never takes more.
 */
export const limits = {
  /** One request of a browser, in bytes. Also what a browser lets one page keep in flight by beacon and keepalive. */
  body_bytes_max: 64 * 1024,
  events_per_batch_max: 100,
  /** A phone may have been offline for weeks. */
  event_age_days_max: 31,
  /** A device's clock may be ahead, after skew correction. */
  event_ahead_hours_max: 24,
  url_chars_max: 2_000,
  title_chars_max: 300,
  name_chars_max: 100,
  props_max: 30,
  prop_key_chars_max: 100,
  prop_value_chars_max: 500,
  site_chars_max: 64,
  user_chars_max: 200,
  target_chars_max: 300,
} as const
