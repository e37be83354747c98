import type { Answer } from '@balise/shared/stats/answer'
import type { Question } from '@balise/shared/stats/query'
import type { Asked } from './ask.ts'
import { element } from './element.ts'
import type { Asking } from './questions.ts'

/** A question on the page: its place, and how to show what was answered. */
export type Block = { node: Element; question: Omit<Question, 'site'>; show: (asked: Asked) => void }

/** Makes a block: the answer drawn, the time it took, and both sides of the talk as they were on the wire. */
export const createBlock = ({ title, question, show }: Asking): Block => {
  const took = element('span', 'took')
  const drawn = element('div', 'drawn')
  const raw = element('pre')
  raw.tabIndex = 0
  const details = element('details', '', element('summary', '', 'Question et réponse'), raw)
  let before: Answer | undefined
  return {
    node: element('section', 'block', element('header', '', element('h2', '', title), took), drawn, details),
    question,
    show({ question: asked, answer, took_ms }) {
      took.textContent = `${took_ms < 10 ? took_ms.toFixed(1).replace('.', ',') : Math.round(took_ms)} ms`
      if (isSame(answer, before)) return
      drawn.replaceChildren(show(answer, before))
      raw.textContent = `POST /v1/query\n${shown(asked)}\n\n200\n${shown(answer)}`
      before = answer
    },
  }
}

const isSame = (one: Answer, other: Answer | undefined): boolean => JSON.stringify(one) === JSON.stringify(other)

/** JSON in lines, with lists of plain values on one. */
const shown = (value: unknown): string =>
  JSON.stringify(value, null, 2).replace(
    /\[\s+([^[\]{}]+?)\s+\]/g,
    (_, inside: string) => `[${inside.replace(/\s+/g, ' ')}]`,
  )
