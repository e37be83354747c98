const codeOf = (failure: unknown): unknown => (failure instanceof Error && 'code' in failure ? failure.code : undefined)

/** Whether a database refused an act because a site of it lives on another one: look where, and ask there. */
export const livesElsewhere = (failure: unknown): boolean => codeOf(failure) === '57M02'

/** Whether a database refused an act because of where one of its sites lives or is about to: other sites' acts succeed. */
export const isAboutOneSite = (failure: unknown): boolean => codeOf(failure) === '57M01' || livesElsewhere(failure)
