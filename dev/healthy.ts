import { setTimeout as sleep } from 'node:timers/promises'
import { Refusal } from './refusal.ts'

const healthy_within_ms = 60_000

/** Waits until `GET /health` answers 200; refuses with the last answer when it never does, or when it is to stop. */
export async function whenHealthy(url: string, stopping: AbortSignal): Promise<void> {
  const until = Date.now() + healthy_within_ms
  let last = 'no answer'
  while (Date.now() < until && !stopping.aborted) {
    const answer = await ask(`${url}/health`)
    if (answer.ok) return
    last = answer.text
    await sleep(50)
  }
  throw new Refusal(`Balise did not become healthy within ${healthy_within_ms / 1000} s: ${last}.`)
}

async function ask(url: string): Promise<{ ok: boolean; text: string }> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(5_000) })
    return { ok: response.ok, text: await response.text() }
  } catch (error) {
    // Until workerd listens, a refused connection is the expected answer.
    return { ok: false, text: error instanceof Error ? error.message : String(error) }
  }
}
