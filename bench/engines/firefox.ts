import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { aptInstall } from '../../dev/apt.ts'
import { Refusal } from '../../dev/refusal.ts'
import { answer_ms_max, type Engine } from './engine.ts'

const places = ['/usr/bin/firefox-esr', '/usr/bin/firefox', '/Applications/Firefox.app/Contents/MacOS/firefox']

/** A Firefox as it is published, spoken to by WebDriver BiDi. */
export const openFirefox = async (): Promise<Engine> => {
  const program = places.find(existsSync) ?? (aptInstall('firefox-esr') ? places.find(existsSync) : undefined)
  if (!program) throw new Refusal('There is no Firefox: install it (on Debian `sudo apt-get install firefox-esr`).')
  const profile = await mkdtemp(join(tmpdir(), 'balise-firefox-'))
  const args = ['--headless', '--no-remote', '--profile', profile, '--remote-debugging-port', '0']
  const browser = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] })
  const stop = async () => {
    browser.kill()
    if (browser.exitCode === null && browser.signalCode === null) await once(browser, 'exit')
    await rm(profile, { recursive: true, force: true, maxRetries: 5 })
  }
  try {
    return await beginSession(`${await addressOf(browser)}/session`, stop)
  } catch (error) {
    await stop()
    throw error
  }
}

const beginSession = async (address: string, stopBrowser: () => Promise<void>): Promise<Engine> => {
  const { ask, close } = await dial(address)
  const { capabilities } = await ask<{ capabilities: { browserVersion: string } }>('session.new', { capabilities: {} })
  return {
    name: `Firefox ${capabilities.browserVersion}`,
    async open(url) {
      const { context } = await ask<{ context: string }>('browsingContext.create', { type: 'tab' })
      await ask('browsingContext.navigate', { context, url, wait: 'complete' })
      return {
        async run(expression) {
          const params = { expression, target: { context }, awaitPromise: true }
          const { exceptionDetails } = await ask<{ exceptionDetails?: { text: string } }>('script.evaluate', params)
          if (exceptionDetails) throw new Error(`Firefox, ${expression}: ${exceptionDetails.text}`)
        },
        close: () => ask('browsingContext.close', { context }),
      }
    },
    async stop() {
      close()
      await stopBrowser()
    },
  }
}

/** Where it listens, which it says itself. */
const addressOf = async ({ stderr }: ChildProcess): Promise<string> => {
  const signal = AbortSignal.timeout(answer_ms_max)
  if (stderr)
    for await (const line of createInterface({ input: stderr, signal })) {
      const [, address] = /BiDi listening on (ws:\S+)/.exec(line) ?? []
      if (address) return address
    }
  throw new Error('Firefox did not say where it listens')
}

type Answer = { id?: number; type: string; result: unknown; message?: string }

/** Asks one question after the other over a socket. */
const dial = async (address: string) => {
  const socket = new WebSocket(address)
  const waiting = new Map<number, (answer: Answer) => void>()
  socket.addEventListener('message', ({ data }) => {
    const answer: Answer = JSON.parse(data)
    waiting.get(answer.id ?? 0)?.(answer)
  })
  await once(socket, 'open', { signal: AbortSignal.timeout(answer_ms_max) })

  let asked = 0
  const ask = async <Result = void>(method: string, params: object): Promise<Result> => {
    const id = ++asked
    const { promise, resolve, reject } = Promise.withResolvers<Answer>()
    waiting.set(id, resolve)
    const timer = setTimeout(() => reject(new Error(`Firefox did not answer ${method}`)), answer_ms_max)
    socket.send(JSON.stringify({ id, method, params }))
    const { type, message, result } = await promise.finally(() => {
      clearTimeout(timer)
      waiting.delete(id)
    })
    if (type === 'error') throw new Error(`Firefox, ${method}: ${message}`)
    return result as Result
  }
  return { ask, close: () => socket.close() }
}
