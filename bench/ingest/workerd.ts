import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { convertV4MiniflareOptions, Log, LogLevel, Miniflare } from 'miniflare'
import { unstable_readConfig } from 'wrangler'
import { command, root } from '../../dev/command.ts'

/**
 * The Worker as `wrangler deploy` would upload it, and a hello-world, both in one workerd. Each has a socket of its own in
 * workerd: no proxy stands before it, and nothing of Node is in the way of a request, of the queue or of KV. Told on
 * standard output: the address of either.
 */
const hello = `export default {
  async fetch(request) {
    await request.text()
    return Response.json({ accepted: 0, refused: [] }, { status: 202 })
  },
}`

/** What we read of wrangler.toml; wrangler's own type of it is open. */
type Configured = {
  compatibility_date: string
  compatibility_flags: string[]
  kv_namespaces: { binding: string }[]
  queues: { producers: { binding: string; queue: string }[]; consumers: Consumer[] }
}
type Consumer = {
  queue: string
  max_batch_size: number
  max_batch_timeout: number
  max_retries: number
  dead_letter_queue: string
}

const configured: Configured = unstable_readConfig({ config: join(root, 'wrangler.toml') })
const { compatibility_date, compatibility_flags, kv_namespaces, queues } = configured

// wrangler refuses to bundle where the folder of assets is missing; the bench asks for none.
mkdirSync(join(root, 'demo', 'dist'), { recursive: true })
const bundle = join(root, '.balise', `bench-worker-${process.pid}`)
const wrangler_args = ['deploy', '--dry-run', '--outdir', bundle, '--minify']
if ((await command('wrangler', wrangler_args)) !== 0) throw new Error('wrangler could not bundle the Worker')

const { DATABASE_URL = '', NEON_ENDPOINT = '', PEPPERS = '' } = process.env
const socket = { host: '127.0.0.1', port: 0 }
const options = convertV4MiniflareOptions({
  log: new Log(LogLevel.WARN),
  cf: false,
  telemetry: { enabled: false },
  workers: [
    {
      name: 'balise',
      compatibilityDate: compatibility_date,
      compatibilityFlags: compatibility_flags,
      modules: [{ type: 'ESModule', path: 'worker.js', contents: readFileSync(join(bundle, 'worker.js'), 'utf8') }],
      bindings: { DATABASE_URL, NEON_ENDPOINT, PEPPERS, LIMITS: 'off' },
      kvNamespaces: kv_namespaces.map(({ binding }) => binding),
      queueProducers: Object.fromEntries(queues.producers.map(({ binding, queue }) => [binding, queue])),
      queueConsumers: Object.fromEntries(queues.consumers.map((consumer) => [consumer.queue, optionsOf(consumer)])),
      stripCfConnectingIp: false,
      unsafeDirectSockets: [socket],
    },
    {
      name: 'hello',
      modules: true,
      script: hello,
      compatibilityDate: compatibility_date,
      unsafeDirectSockets: [socket],
    },
  ],
})
const miniflare = new Miniflare(options)
rmSync(bundle, { recursive: true })
const urls = [await miniflare.unsafeGetDirectURL('balise'), await miniflare.unsafeGetDirectURL('hello')]
console.log(urls.map(({ origin }) => origin).join(' '))

function optionsOf({ max_batch_size, max_batch_timeout, max_retries, dead_letter_queue }: Consumer) {
  return {
    maxBatchSize: max_batch_size,
    maxBatchTimeout: max_batch_timeout,
    maxRetries: max_retries,
    deadLetterQueue: dead_letter_queue,
  }
}

process.once('SIGTERM', () => miniflare.dispose().then(() => process.exit(0)))
