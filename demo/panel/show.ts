import type { Answer } from '@balise/shared/stats/answer'

/** Draws an answer. What it shows differently than `before` may stand out. */
export type Show = (answer: Answer, before: Answer | undefined) => Element
