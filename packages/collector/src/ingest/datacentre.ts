/**
 * Networks of clouds that rent machines by the hour, where programs live. Names and numbers as in
 * https://github.com/brianhama/bad-asn-list (MIT) and, for Google's, ARIN's register; read in November 2026.
 *
 * Few on purpose. Left out are networks that people browse from: Microsoft's (8075: virtual desktops, company proxies),
 * Cloudflare's, Akamai's and Fastly's (iCloud Private Relay), hosts that VPNs for everybody rent (M247, Datacamp,
 * Leaseweb, Vultr), and all that such lists say of Nigerian providers.
 */
const networks: ReadonlySet<number> = new Set([
  14618, // Amazon
  16509, // Amazon
  396982, // Google Cloud
  14061, // DigitalOcean
  24940, // Hetzner
  16276, // OVH
  12876, // Scaleway
  45102, // Alibaba Cloud
])

/** Whether an autonomous system is a cloud's. It is no proof of a program: VPNs and virtual desktops stand there too. */
export const isDatacentre = (asn: number | undefined): boolean => asn !== undefined && networks.has(asn)
