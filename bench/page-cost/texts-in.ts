import { gunzipSync } from 'node:zlib'

/** All that a request says, each text once, however its tracker packs it: compressed, in percent signs, in base64. */
export const textsIn = (url: string, body: Buffer): string[] => {
  const plain = [url, (isGzip(body) ? gunzipSync(body) : body).toString()].map(unescaped)
  const runs = plain.flatMap((text) => text.match(base64) ?? [])
  return [...plain, ...runs.map((run) => Buffer.from(run, 'base64').toString())]
}

/** A run long enough to hold an event. */
const base64 = /[\w+/-]{60,}/g

const isGzip = (body: Buffer): boolean => body[0] === 0x1f && body[1] === 0x8b

/** With what is no UTF-8 left as it is. */
const unescaped = (text: string): string =>
  text.replace(/(%[0-9a-f]{2})+/gi, (run) => Buffer.from(run.replaceAll('%', ''), 'hex').toString())
