/**
 * The address that a limit counts by: an IPv4 address as it is, of an IPv6 address the first 64 bits, because one
 * subscriber has at least those (RFC 6177). `null` for this machine itself: a proxy, a test, a bench, not a visitor.
 */
export const limitedAddressOf = (ip: string): string | null => {
  const address = ip.toLowerCase().replace(/^::ffff:(?=\d+\.)/, '')
  if (address === '::1' || address.startsWith('127.')) return null
  return address.includes(':') ? `${groupsOf(address).slice(0, 4).join(':')}::/64` : address
}

/** The eight groups of an IPv6 address, without leading zeros; `::` stands for as many zeros as are missing. */
const groupsOf = (address: string): string[] => {
  const [head = '', tail] = address.replace(/%.*$/, '').split('::')
  const before = partsOf(head)
  if (tail === undefined) return before
  const after = partsOf(tail)
  return [...before, ...Array<string>(Math.max(0, 8 - before.length - after.length)).fill('0'), ...after]
}

const partsOf = (text: string): string[] =>
  text === '' ? [] : text.split(':').map((group) => group.replace(/^0+(?=.)/, ''))
