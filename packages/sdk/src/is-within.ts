/** Whether two moments are less than `ms` apart. Either may come first: a device's clock may have been set back. */
export const isWithin = (ms: number, one: number, other: number): boolean => Math.abs(one - other) < ms
