import type { Part } from './parts.ts'

/** As the cron of `wrangler.toml` has it. */
const every_ms = 60_000

/** Strikes the Worker's clock at once and then every minute, which workerd on its own machine does not do. */
export async function schedule(url: string): Promise<Part> {
  const strike = async () => {
    const response = await fetch(`${url}/cdn-cgi/local/scheduled`)
    if (!response.ok) console.error(`The Worker's schedule failed: ${await response.text()}`)
  }
  await strike()
  const timer = setInterval(() => strike().catch((error: Error) => console.error(error.message)), every_ms)
  return { stop: () => clearInterval(timer) }
}
