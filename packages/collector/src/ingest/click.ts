/** What a click id in a page's address tells: whose click it was, and whether it was paid for. */
export type Click = { source: string; paid: boolean }

/**
 * Parameters that advertising systems and networks append to a link. They help to decide source and channel and are
 * read nowhere else: such an id points at one person, so it is never stored.
 *
 * `paid` is false where the owner appends it to every link: Facebook to all that leave it, Google's `srsltid` to free
 * listings.
 */
const clicks = new Map<string, Click>([
  ['gclid', { source: 'google', paid: true }], // https://support.google.com/google-ads/answer/9744275
  ['gbraid', { source: 'google', paid: true }],
  ['wbraid', { source: 'google', paid: true }],
  ['dclid', { source: 'doubleclick.net', paid: true }], // Display & Video 360: no search
  ['gad_source', { source: 'google', paid: true }],
  ['srsltid', { source: 'shopping.google.com', paid: false }], // https://support.google.com/merchants/answer/15191080
  ['msclkid', { source: 'bing', paid: true }], // https://help.ads.microsoft.com/apex/index/3/en/60000
  ['fbclid', { source: 'facebook', paid: false }],
  ['igshid', { source: 'instagram', paid: false }],
  ['ttclid', { source: 'tiktok', paid: true }], // https://ads.tiktok.com/help/article/tiktok-click-id
  ['twclid', { source: 'twitter', paid: true }],
  ['li_fat_id', { source: 'linkedin', paid: true }],
  ['sccid', { source: 'snapchat', paid: true }],
  ['epik', { source: 'pinterest', paid: true }],
  ['rdt_cid', { source: 'reddit', paid: true }],
  ['yclid', { source: 'yandex', paid: true }],
])

/** The first click id among a page's parameters. */
export const clickOf = (parameters: URLSearchParams): Click | undefined => {
  for (const name of parameters.keys()) {
    const click = clicks.get(name.toLowerCase())
    if (click) return click
  }
  return undefined
}
