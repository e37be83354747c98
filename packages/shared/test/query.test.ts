import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { fieldErrorsOf } from '../src/field-errors.ts'
import { type Question, query } from '../src/stats/query.ts'

const questions = JSON.parse(readFileSync(new URL('../fixtures/questions.json', import.meta.url), 'utf8')) as {
  understood: { question: Question; query: unknown }[]
  refused: { says: string; question: unknown; field: string; allowed?: string; message?: string }[]
}

describe('a question', () => {
  test.each(questions.understood)('is understood with its defaults: $question', ({ question, query: understood }) =>
    expect(query.parse(question)).toEqual(understood),
  )

  test.each(questions.refused)(
    'is refused for $says, by field, with what is allowed',
    ({ question, field, allowed, message = '' }) => {
      const read = query.safeParse(question)
      const errors = read.error ? fieldErrorsOf(read.error) : []
      const found = errors.find((error) => error.field === field)
      expect(found?.message).toContain(message)
      if (allowed) expect(found?.allowed).toContain(allowed)
    },
  )
})
