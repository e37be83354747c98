import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { parse } from 'yaml'

type Rule = { regex: string; regex_flag?: string; family_replacement?: string; v1_replacement?: string }
type Parsers = Record<'user_agent_parsers' | 'os_parsers', (Rule & Record<string, string>)[]>

const require = createRequire(import.meta.url)

/** The expressions of the UA Parser project: npm `uap-core`, Apache-2.0. */
const parsers: Parsers = parse(readFileSync(require.resolve('uap-core/regexes.yaml'), 'utf8'))

const reader = (rules: (Rule & Record<string, string>)[], family: string, version: string) => {
  const compiled = rules.map((rule) => ({ rule, regex: new RegExp(rule.regex, rule.regex_flag) }))
  return (agent: string): { name: string; version: string | null } => {
    for (const { rule, regex } of compiled) {
      const found = regex.exec(agent)
      if (!found) continue
      const filled = (text: string | undefined, group: number) =>
        text?.replace(/\$(\d)/g, (_, n) => found[Number(n)] ?? '').trim() ?? found[group] ?? null
      return { name: filled(rule[family], 1) ?? 'Other', version: filled(rule[version], 2) }
    }
    return { name: 'Other', version: null }
  }
}

/** A second opinion on the browser of an agent, as `docs/specification.md` of uap-core says it is to be read. */
export const uapBrowserOf = reader(parsers.user_agent_parsers, 'family_replacement', 'v1_replacement')

/** A second opinion on the system of an agent. */
export const uapSystemOf = reader(parsers.os_parsers, 'os_replacement', 'os_v1_replacement')
