import { serve } from '@hono/node-server'
import { Hono } from 'hono'

/** The ceiling of a Node server: it reads a body and answers, and does nothing with it. */
const app = new Hono()
app.post('/v1/events', async ({ req }) => {
  await req.text()
  return Response.json({ accepted: 0, refused: [] }, { status: 202 })
})
serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, ({ port }) => console.log(`http://127.0.0.1:${port}`))
process.once('SIGTERM', () => process.exit(0))
