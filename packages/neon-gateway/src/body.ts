import type { IncomingMessage } from 'node:http'
import { Refusal } from './refusal.ts'

/** The body as text, or why not; nothing when the client went away. A body too large is read to its end, unkept. */
export function bodyOf(request: IncomingMessage, bytes_max: number): Promise<string | Refusal | undefined> {
  const chunks: Buffer[] = []
  let bytes = 0
  return new Promise((settle) => {
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length
      if (bytes <= bytes_max) chunks.push(chunk)
      else chunks.length = 0
    })
    request.on('end', () => settle(bytes <= bytes_max ? Buffer.concat(chunks).toString() : tooLarge(bytes_max)))
    request.on('close', () => settle(undefined))
  })
}

function tooLarge(bytes_max: number): Refusal {
  return new Refusal(413, { code: '54000', message: `request is too large (max is ${bytes_max} bytes)` })
}
