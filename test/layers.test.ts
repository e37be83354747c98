import { globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'

/** The floors of ARCHITECTURE.md, lowest first: what stands on a floor, and the packages it must never know. */
const floors: { name: string; holds: RegExp; never: RegExp }[] = [
  { name: 'contract', holds: /^packages\/shared\/src\//, never: /^(?!zod$)[^.]/ },
  {
    name: 'the street',
    holds: /^packages\/collector\/src\/ingest\//,
    never: /^(node:|kysely|pg|hono|@neondatabase|@hono|@cloudflare)/,
  },
  {
    name: 'keepers',
    holds: /^packages\/collector\/src\/((store|query|keys|limits|spool)\/|places)/,
    never: /^(hono|@hono)/,
  },
  {
    name: 'doors',
    holds: /^packages\/collector\/src\/(http\/|collector)/,
    never: /^(node:|pg|@neondatabase|@cloudflare)/,
  },
  { name: 'entries', holds: /^packages\/(collector\/src\/(worker|node)|cli\/src\/main)\.ts$/, never: /^$/ },
]

const floorOf = (file: string) => floors.findIndex(({ holds }) => holds.test(file))

const importsOf = (file: string) =>
  [...readFileSync(file, 'utf8').matchAll(/^(?:import|export)\s(type\s)?[^'"]*?from\s'([^']+)'/gm)].map(
    ([, onlyType, from = '']) => ({ onlyType: Boolean(onlyType), from }),
  )

/** The file of this house that an import means; nothing for a library. */
const fileOf = (file: string, from: string) => {
  if (from.startsWith('.')) return join(dirname(file), from)
  return from.startsWith('@balise/') ? from.replace(/^@balise\/(\w+)\/(.*)$/, 'packages/$1/src/$2.ts') : undefined
}

const sources = globSync('packages/{shared,collector,cli}/src/**/*.ts')

describe('imports point down', () => {
  test('there are sources on every floor', () =>
    expect(new Set(sources.map(floorOf).filter((floor) => floor >= 0)).size).toBe(floors.length))

  test.each(sources.filter((file) => floorOf(file) >= 0))('%s', (file) => {
    const floor = floorOf(file)
    for (const { from } of importsOf(file)) {
      const target = fileOf(file, from)
      if (target) expect(floorOf(target), `${file} imports ${from}`).toBeLessThanOrEqual(floor)
      else expect(from, `${file} imports ${from}`).not.toMatch(floors[floor]?.never ?? /^$/)
    }
  })

  test.each(globSync('packages/sdk/src/**/*.ts'))('%s takes only types from the contract', (file) => {
    for (const { onlyType, from } of importsOf(file))
      if (from.startsWith('@balise/')) expect(onlyType, `${file} imports ${from}`).toBe(true)
  })
})
