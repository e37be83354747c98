import type { Health, PartHealth } from '@balise/shared/health'

/** One part's check, and what to do where it answers that the part does not work, or throws. */
export type Probe = { check: () => Promise<Omit<PartHealth, 'detail'>>; otherwise: string }

const probe_ms_max = 3_000

/** `GET /health`: asks every part at once, each for three seconds at most. The answer never says what happened inside. */
export const healthOf = async (probes: Record<string, Probe>, version: string): Promise<Response> => {
  const asked = Object.entries(probes).map(async ([part, probe]) => [part, await partHealthOf(probe)] as const)
  const parts = Object.fromEntries(await Promise.all(asked))
  const ok = Object.values(parts).every((part) => part.ok)
  const body: Health = { ok, version, parts }
  return Response.json(body, { status: ok ? 200 : 503, headers: { 'cache-control': 'no-store' } })
}

const partHealthOf = async ({ check, otherwise }: Probe): Promise<PartHealth> => {
  const { promise: tooLate, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(new Error('no answer in time')), probe_ms_max)
  return Promise.race([check(), tooLate])
    .catch(() => ({ ok: false }))
    .then((part) => (part.ok ? part : { ...part, detail: otherwise }))
    .finally(() => clearTimeout(timer))
}
