/** Whether the browser says no for its person: Global Privacy Control, or Do Not Track. */
export const signals = (): boolean =>
  (navigator as Navigator & { globalPrivacyControl?: boolean }).globalPrivacyControl || navigator.doNotTrack === '1'
