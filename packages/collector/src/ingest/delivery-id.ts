/** A UUIDv7 that names a delivery by the moment it was taken in, so that names which are old can be told by themselves. */
export const deliveryIdOf = (taken_in_at: Date): string => {
  const time = taken_in_at.getTime().toString(16).padStart(12, '0')
  const [, , ...rest] = crypto.randomUUID().split('-')
  return [time.slice(0, 8), time.slice(8), ...rest].join('-').replace(/(?<=^.{14})./, '7')
}
