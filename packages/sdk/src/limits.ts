/**
 * What the wire holds, repeated here because the bundle may hold no zod. `test/limits.test.ts` holds each equal to the
 * contract's, by name.
 */
export const url_chars_max = 2_000
export const title_chars_max = 300
export const name_chars_max = 100
export const props_max = 30
export const prop_key_chars_max = 100
export const prop_value_chars_max = 500
export const user_chars_max = 200
export const target_chars_max = 300
export const events_per_batch_max = 100
