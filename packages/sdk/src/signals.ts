/** Whether the browser says no for its person: Global Privacy Control, or Do Not Track. */
export const signals = (): boolean => {
  const { globalPrivacyControl, doNotTrack } = navigator as Navigator & { globalPrivacyControl?: boolean }
  return globalPrivacyControl || doNotTrack === '1'
}
