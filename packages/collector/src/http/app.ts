import { Hono, type MiddlewareHandler } from 'hono'
import { cors } from 'hono/cors'
import type { Peer } from '../ingest/hit.ts'
import { isUnavailable } from '../store/unavailable.ts'
import { type CollectDeps, collect } from './collect.ts'
import { healthOf, type Probe } from './health.ts'
import { eraseOnRequest, type PrivacyDeps } from './privacy.ts'
import { type Answered, problemOf, type Refused, refuse } from './refused.ts'
import { type StatsDeps, stats } from './stats.ts'
import type { Tally } from './tally.ts'

/** What the doors need of the world. */
export type AppDeps = CollectDeps &
  StatsDeps &
  PrivacyDeps & {
    probes: Record<string, Probe>
    tally: Tally
    version: string
    /** Where a failure of ours is told to the operator. It is given no body, no header and no address. */
    report: (failure: Error) => void
  }

type Environment = { Bindings: { peer: Peer } }

/** Every address of the collector. It knows requests and answers, and not where it runs. */
export const createApp = (deps: AppDeps) => {
  const { tally } = deps
  const app = new Hono<Environment>()

  const tell = (refused: Refused): Response => {
    tally.refused(refused.code, refused.limit?.name)
    return problemOf(refused)
  }
  const answer = async (answering: Promise<Answered> | Answered): Promise<Response> => {
    const answered = await answering
    return answered instanceof Response ? answered : tell(answered.refused)
  }

  app.options('/v1/*', cors({ origin: '*', allowHeaders: ['authorization', 'content-type'], maxAge: 86_400 }))
  app.use('/v1/*', readableByPages)

  app.post('/v1/events', ({ req, env }) => answer(collect(req.raw, env.peer, deps)))
  app.post('/v1/query', ({ req, env }) => answer(stats(req.raw, env.peer, deps)))
  app.post('/v1/privacy/erasures', ({ req, env }) => answer(eraseOnRequest(req.raw, env.peer, deps)))
  app.on(['GET', 'PUT', 'DELETE', 'PATCH'], ['/v1/events', '/v1/query', '/v1/privacy/erasures'], () =>
    answer(refuse('method_not_allowed')),
  )

  app.get('/health', () => healthOf(deps.probes, deps.version))
  app.get('/metrics', ({ text }) => text(tally.text()))

  app.notFound(() => answer(refuse('not_found')))
  app.onError((failure) => {
    deps.report(failure)
    return tell({ code: isUnavailable(failure) ? 'unavailable' : 'internal' })
  })
  return app
}

/**
 * Lets a page of any origin read an answer. The headers go on the answer itself: written before there is one, as `cors()`
 * does it, they make Hono build each answer twice and read the first one's body as a stream.
 */
const readableByPages: MiddlewareHandler = async (context, next) => {
  await next()
  context.res.headers.set('access-control-allow-origin', '*')
  context.res.headers.set('access-control-expose-headers', 'retry-after')
}
