import { calm } from '../calm.ts'
import type { Noticing } from '../street.ts'
import { type Counted, countedEndpoint } from './counted-endpoint.ts'

/** A call on its way. `since_ms`: when it left, on the clock of `performance`; 0 before. */
type Call = { method: string; url: string; since_ms: number; signal?: AbortSignal | null | undefined }

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
    const note: Note = calm((call, status, length, aborted) => {
      const endpoint = endpointAt(call.url)
      if (!endpoint) return
      tell({
        kind: 'api_call',
        method: call.method,
        endpoint,
        status,
        duration_ms: Math.round(performance.now() - call.since_ms),
        bytes: Number(length) || undefined,
        props: aborted ? { aborted } : undefined,
      })
    })
    wrapFetch(note)
    wrapXhr(note)
  }

/** Tells the end of a call. `length`: the answer's `content-length`. */
type Note = (call: Call, status: number, length?: string | null, aborted?: boolean) => void

const wrapFetch = (note: Note): void =>
  standBefore(window, 'fetch', (pass, [input, init]) => {
    const call = fetchCallOf(input as Request, init as RequestInit)
    const answer = pass() as Promise<Response>
    if (!call) return answer
    // The page gets what follows us, not a promise that we listen to beside it: that one would count as handled, and
    // the page's `unhandledrejection` would fall silent.
    return answer.then(
      (response) => {
        if (!/^opaque/.test(response.type)) note(call, response.status, response.headers.get('content-length'))
        return response
      },
      (error) => {
        note(call, 0, null, call.signal?.aborted)
        throw error
      },
    )
  })

const fetchCallOf = calm(
  (input: Request, init?: RequestInit | null): Call => ({
    method: methodOf(init?.method ?? input.method ?? 'GET'),
    url: absolute(input.url ?? input),
    since_ms: performance.now(),
    signal: init?.signal ?? input.signal,
  }),
)

const wrapXhr = (note: Note): void => {
  const calls = new WeakMap<XMLHttpRequest, Call>()

  const end = calm((xhr: XMLHttpRequest, aborted?: boolean) => {
    const call = calls.get(xhr)
    if (!call?.since_ms || xhr.readyState !== xhr.DONE) return
    calls.delete(xhr)
    note(call, xhr.status, xhr.getResponseHeader('content-length'), aborted)
  })
  const hear = ({ type, currentTarget }: Event) => end(currentTarget as XMLHttpRequest, type === 'abort')

  const begin = calm((xhr: XMLHttpRequest, [method, url]: readonly unknown[]) => {
    calls.set(xhr, { method: methodOf(method), url: absolute(url), since_ms: 0 })
    // Captured, so that a page that opens the same object again in its own `load` comes after us. Adding the same
    // listener twice adds it once. Never on `xhr.upload`: that alone would make a preflight necessary.
    for (const type of ['load', 'error', 'abort', 'timeout']) xhr.addEventListener(type, hear, true)
  })

  standBefore(XMLHttpRequest.prototype, 'open', (pass, args, xhr) => {
    pass()
    begin(xhr, args)
  })
  standBefore(XMLHttpRequest.prototype, 'send', (pass, _, xhr) => {
    const call = calls.get(xhr)
    if (call) call.since_ms ||= performance.now()
    try {
      pass()
    } finally {
      // A synchronous call that fails throws, and fires no event.
      end(xhr)
    }
  })
}

/** Puts `act` before a method. A proxy keeps its name, length, properties and text, and cannot be constructed either. */
const standBefore = calm(
  <Owner extends object>(
    owner: Owner,
    name: keyof Owner,
    act: (pass: () => unknown, args: readonly unknown[], self: Owner) => unknown,
  ): void => {
    owner[name] = new Proxy(owner[name] as (...args: unknown[]) => unknown, {
      apply: (native, self, args) => act(() => Reflect.apply(native, self, args), args, self),
      // A proxy's own text has no name in it, which makes some libraries take `fetch` for a polyfill
      // (getsentry/sentry-javascript, `isNativeFunction`).
      get: (native, key) => (key === 'toString' ? () => `${native}` : Reflect.get(native, key)),
    }) as Owner[keyof Owner]
  },
)

const methodOf = (given: unknown): string => `${given}`.toUpperCase()

const absolute = (given: unknown): string => new URL(`${given}`, document.baseURI).href
