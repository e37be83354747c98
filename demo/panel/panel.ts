import { ask, type Door } from './ask.ts'
import { type Block, createBlock } from './block.ts'
import { element } from './element.ts'
import { questions } from './questions.ts'

/** Short enough that a click is on the page within two seconds: the SDK collects for one of them. */
const pause_ms = 500

/** `npm start` leaves a token beside this page that opens questions and nothing else. */
const doorOf = async (): Promise<Door | undefined> => {
  const response = await fetch('/demo.json', { cache: 'no-store' })
  return response.ok ? response.json() : undefined
}

const start = async (): Promise<void> => {
  const status = document.querySelector('#status')
  const door = await doorOf()
  if (!door) return status?.replaceChildren('Pas de chiffres sans jeton. Lancez « npm start ».')
  const blocks = questions.map(createBlock)
  document.querySelector('#blocks')?.append(...blocks.map(({ node }) => node))
  for (;;) {
    await whenVisible()
    status?.replaceChildren(...(await round(door, blocks)))
    await new Promise((resume) => setTimeout(resume, pause_ms))
  }
}

/** Asks one after the other, so that each time shown is that of one question. */
const round = async (door: Door, blocks: readonly Block[]): Promise<(Node | string)[]> => {
  let sum_ms = 0
  for (const block of blocks) {
    const asked = await ask(door, block.question)
    if ('trouble' in asked) return [asked.trouble]
    block.show(asked)
    sum_ms += asked.took_ms
  }
  return [element('i', 'live'), `En direct, ${blocks.length} réponses en ${Math.round(sum_ms)} ms`]
}

/** A panel that nobody sees asks nothing. */
const whenVisible = (): Promise<void> =>
  new Promise((resume) => {
    const look = () => {
      if (document.hidden) return
      document.removeEventListener('visibilitychange', look)
      resume()
    }
    document.addEventListener('visibilitychange', look)
    look()
  })

/** Below the shop on a phone the frame is as tall as its content, so that one finger scrolls one page. */
const growFrame = (frame: HTMLElement | null): void => {
  const grow = () => frame?.style.setProperty('--content', `${document.body.scrollHeight}px`)
  new ResizeObserver(grow).observe(document.body)
}

growFrame(window.frameElement as HTMLIFrameElement | null)
start()
