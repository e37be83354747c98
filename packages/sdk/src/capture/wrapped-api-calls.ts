import type { Counted } from '../api.ts'
import { calm } from '../calm.ts'
import type { Noticing } from '../street.ts'
import { countedEndpoint } from './counted-endpoint.ts'

/**
 * Notices calls by `fetch` and `XMLHttpRequest` by standing before both: with their method, and also those that failed
 * (status 0) or were aborted (`props.aborted`). Requests, answers, streams and errors pass as they are, and no body is
 * read: `bytes` is what the answer's `content-length` says, and the time of a `fetch` ends with the answer's headers.
 * Where the browser hides the status (`no-cors`, `redirect: 'manual'`) nothing is told.
 */
export const wrappedApiCalls =
  (counted: Counted = {}): Noticing =>
  (tell) => {
    const endpointAt = countedEndpoint(counted)

    const begin: Begin = calm((request, init) => {
      const endpoint = endpointAt(`${request.url || request}`)
      // Of `M-SEARCH` and its like the wire keeps the letters.
      const method = `${init?.method || request.method || 'GET'}`.toUpperCase().replace(/[^A-Z]/g, '')
      const since_ms = performance.now()
      return calm((status, length) => {
        const { aborted } = init?.signal || request.signal || request
        if (!endpoint) return
        tell({
          kind: 'api_call',
          endpoint,
          status,
          duration_ms: performance.now() - since_ms,
          bytes: +(length as string) || undefined,
          method,
          props: aborted ? { aborted } : undefined,
        })
      })
    })
    wrapFetch(begin)
    wrapXhr(begin)
  }

/** What a call asks for: a `Request`, or what stands for one. */
type Asked = { url?: unknown; method?: unknown; signal?: AbortSignal | null; aborted?: boolean | undefined }

/** Notes that a call leaves, and gives what notes its end; nothing where it cannot leave. */
type Begin = (request: Asked, init?: Asked) => End | undefined

/** Tells how a call ended. `length`: the answer's `content-length`. */
type End = (status: number, length?: string | null) => void

const wrapFetch = (begin: Begin): void =>
  standBefore(window, 'fetch', (pass, [request, init]: Asked[]) => {
    const end = begin(request as Asked, init)
    // The page gets what follows us, not a promise that we listen to beside it: that one would count as handled, and
    // the page's `unhandledrejection` would fall silent.
    return (pass() as Promise<Response>).then(
      (response) => {
        if (response.status) end?.(response.status, response.headers.get('content-length'))
        return response
      },
      (error) => {
        end?.(0)
        throw error
      },
    )
  })

const wrapXhr = (begin: Begin): void => {
  const calls = new WeakMap<XMLHttpRequest, Asked & { end?: End | undefined }>()

  const settle = (xhr: XMLHttpRequest, aborted?: boolean): void => {
    const call = calls.get(xhr)
    if (!call?.end || xhr.readyState < 4) return
    calls.delete(xhr)
    call.aborted = aborted
    call.end(xhr.status, xhr.getResponseHeader('content-length'))
  }

  const hear = (event: Event) => settle(event.currentTarget as XMLHttpRequest, event.type === 'abort')

  standBefore(XMLHttpRequest.prototype, 'open', (pass, [method, url], xhr) => {
    // A page may open the same object again in its own `load`, before the end is heard.
    settle(xhr)
    pass()
    calls.set(xhr, { method, url })
  })
  standBefore(XMLHttpRequest.prototype, 'send', (pass, _, xhr) => {
    const call = calls.get(xhr)
    if (call) {
      call.end = begin(call)
      // Adding a listener twice adds it once. Never on `xhr.upload`: that alone would make a preflight necessary.
      xhr.addEventListener('abort', hear)
      xhr.addEventListener('loadend', hear)
    }
    try {
      pass()
    } finally {
      // A synchronous call that fails throws, and fires no event.
      settle(xhr)
    }
  })
}

/** Puts `act` before a method. A proxy keeps its name, length and properties, and cannot be constructed either. */
const standBefore = <Owner extends object, Args>(
  owner: Owner,
  name: keyof Owner,
  act: (pass: () => unknown, args: Args[], self: Owner) => unknown,
): void => {
  owner[name] = new Proxy(owner[name] as (...args: Args[]) => unknown, {
    apply: (native, self, args) => act(() => Reflect.apply(native, self, args), args, self),
    // A proxy's own text has no name in it, and some libraries would take it for a polyfill
    // (getsentry/sentry-javascript, `isNativeFunction`).
    get: (native, key) => (key === 'toString' ? () => `${native}` : native[key as 'name']),
  }) as Owner[keyof Owner]
}
