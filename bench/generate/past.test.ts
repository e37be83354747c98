import { expect, test } from 'vitest'
import { dictionaryOf } from './dictionary.ts'
import { columns } from './event.ts'
import { linesOfPast, type Past } from './past.ts'

const past: Past = { site: 1, events: 20_000, days: 14, until: new Date('2026-11-16'), seed: 3 }
const { dictionary } = await dictionaryOf(past.site)
const lines = [...linesOfPast(past, dictionary)]
const rows = lines.map((line) => line.trimEnd().split('\t'))
const column = (name: string) => rows.map((row) => row[columns.indexOf(name)] ?? '')

const column_of = { visitor: column('visitor'), known: column('known'), at: column('at') }

test('the same seed gives the same past, another seed another one', () => {
  expect([...linesOfPast(past, dictionary)]).toEqual(lines)
  expect([...linesOfPast({ ...past, seed: 4 }, dictionary)]).not.toEqual(lines)
})

test('a past has as many events as were asked for, each with an id of its own', () => {
  expect(rows).toHaveLength(past.events)
  expect(new Set(column('id')).size).toBe(past.events)
})

test('every line has every column', () => {
  expect(new Set(rows.map((row) => row.length))).toEqual(new Set([columns.length]))
})

test('every day and every hour of it has its share', () => {
  const days = Map.groupBy(column('at'), (at) => at.slice(0, 10))
  expect([...days.keys()].slice(0, 14)).toHaveLength(14)
  const hours = Map.groupBy(column('at'), (at) => at.slice(11, 13))
  expect(hours.get('03')?.length).toBeLessThan((hours.get('10')?.length ?? 0) / 5)
})

test('three of ten visitors are known and come back on other days; no anonymous one does, but across midnight', () => {
  const seen = rows.map((_, index) => ({
    visitor: column_of.visitor[index] ?? '',
    known: column_of.known[index] === 'true',
    day: column_of.at[index]?.slice(0, 10) ?? '',
  }))
  const days_most = (known: boolean) => {
    const visitors = Map.groupBy(
      seen.filter((one) => one.known === known),
      ({ visitor }) => visitor,
    )
    return Math.max(...[...visitors.values()].map((own) => new Set(own.map(({ day }) => day)).size))
  }
  expect(seen.filter(({ known }) => known).length / past.events).toBeCloseTo(0.3, 1)
  expect(days_most(true)).toBeGreaterThan(5)
  expect(days_most(false)).toBeLessThanOrEqual(2)
})

test('a few paths get most of the views', () => {
  const views = [...Map.groupBy(column('page'), (page) => page).values()].map(({ length }) => length)
  const most = views.toSorted((a, b) => b - a).slice(0, 100)
  expect(most.reduce((sum, count) => sum + count, 0) / past.events).toBeGreaterThan(0.5)
  expect(views.length).toBeGreaterThan(1_000)
})
