import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, globSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'
import { aptInstall } from '../../dev/apt.ts'
import { Refusal } from '../../dev/refusal.ts'
import { answer_ms_max, type Engine } from './engine.ts'

const driver = '/usr/bin/WebKitWebDriver'
const screen = '/usr/bin/Xvfb'
const browser = () => globSync('/usr/lib/*/webkit2gtk-4*/MiniBrowser').at(-1)

const port = 4_477
const display = ':77'

/** WebKit as GTK has it, with the smallest of browsers around it, spoken to by WebDriver, on a screen that nobody sees. */
export const openWebKit = async (): Promise<Engine> => {
  const isThere = () => [driver, screen].every(existsSync) && browser()
  if (!isThere()) aptInstall('webkit2gtk-driver', 'xvfb')
  const binary = browser()
  if (!isThere() || !binary)
    throw new Refusal('There is no WebKit: on Debian `sudo apt-get install webkit2gtk-driver xvfb`.')

  // Root has no sandbox here, and no graphics card.
  const env = { ...process.env, DISPLAY: display, WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS: '1' }
  const programs = [
    spawn(screen, [display, '-screen', '0', '1280x800x24'], { stdio: 'ignore' }),
    spawn(driver, [`--port=${port}`], { env: { ...env, LIBGL_ALWAYS_SOFTWARE: '1' }, stdio: 'ignore' }),
  ]
  const stop = async () => {
    for (const program of programs.toReversed()) await ended(program)
  }
  try {
    await untilUp()
    return await beginSession(binary, stop)
  } catch (error) {
    await stop()
    throw error
  }
}

const beginSession = async (binary: string, stopPrograms: () => Promise<void>): Promise<Engine> => {
  const options = { 'webkitgtk:browserOptions': { binary, args: ['--automation'] } }
  const { sessionId, capabilities } = await ask<{ sessionId: string; capabilities: { browserVersion: string } }>(
    'POST',
    '/session',
    { capabilities: { alwaysMatch: options } },
  )
  const session = `/session/${sessionId}`
  const post = <Result = void>(path: string, body: object) => ask<Result>('POST', session + path, body)
  const first = await ask<string>('GET', `${session}/window`)

  return {
    name: `WebKit ${capabilities.browserVersion}`,
    async open(url) {
      // The one before may be closed, and nothing can be asked of a window that is.
      await post('/window', { handle: first })
      const { handle } = await post<{ handle: string }>('/window/new', { type: 'tab' })
      await post('/window', { handle })
      await post('/url', { url })
      return {
        run: (script) => post('/execute/sync', { script, args: [] }),
        close: () => ask('DELETE', `${session}/window`),
      }
    },
    async stop() {
      await ask('DELETE', session).catch(() => {})
      await stopPrograms()
    },
  }
}

const ended = async (program: ChildProcess): Promise<void> => {
  program.kill()
  if (program.exitCode === null && program.signalCode === null) await once(program, 'exit')
}

const untilUp = async (): Promise<void> => {
  const late_at_ms = Date.now() + answer_ms_max
  while (!(await ask<{ ready: boolean }>('GET', '/status').catch(() => undefined))) {
    if (Date.now() > late_at_ms) throw new Error('the driver of WebKit did not come up')
    await wait(100)
  }
}

const ask = async <Result = void>(method: string, path: string, body?: object): Promise<Result> => {
  const response = await fetch(`http://127.0.0.1:${port}${path}`, {
    method,
    ...(body && { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(answer_ms_max),
  })
  const { value } = (await response.json()) as { value: Result & { message?: string } }
  if (!response.ok) throw new Error(`WebKit, ${path}: ${value.message}`)
  return value
}
