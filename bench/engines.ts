import { setTimeout as wait } from 'node:timers/promises'
import type { WireEvent } from '@balise/shared/wire/event'
import { createParts } from '../dev/parts.ts'
import { openBuilt } from './built.ts'
import type { Engine } from './engines/engine.ts'
import { openFirefox } from './engines/firefox.ts'
import { type Level, levels, type Scene, scenes } from './engines/scenes.ts'
import { openShop, type Shop } from './engines/shop.ts'
import { openWebKit } from './engines/webkit.ts'
import { markdown } from './table.ts'

/** What came of a scene: the events that had to arrive and did, and those that came though they had not been told. */
type Outcome = { arrived: number; missing: string[]; strange: string[] }

/** `pnpm bench:engines`: what the tracker does in browsers of other makes than Chromium, scene by scene. */
export async function main(): Promise<number> {
  const parts = createParts()
  try {
    const { folder } = await parts.add('build', openBuilt())
    const shop = await parts.add('shop', openShop(folder))
    const engines = [await parts.add('Firefox', openFirefox()), await parts.add('WebKit', openWebKit())]
    const rows: string[][] = []
    let isWhole = true
    for (const scene of scenes) {
      const row = [scene.what]
      for (const engine of engines)
        for (const level of levels) {
          const { arrived, missing, strange } = await lived(engine, shop, scene, level)
          row.push(`${arrived} of ${arrived + missing.length}`)
          if (!missing[0] && !strange[0]) continue
          isWhole = false
          console.log(
            `${engine.name}, ${level}, ${scene.what}: missing ${missing.join(', ') || 'nothing'}; too many ${strange.join(', ') || 'none'}`,
          )
        }
      rows.push(row)
    }
    const head = engines.flatMap(({ name }) => levels.map((level) => `${name}, ${level}`))
    console.log(`${new Date().toISOString().slice(0, 10)}\n\n${markdown([['a visitor', ...head], ...rows])}`)
    return isWhole ? 0 : 1
  } finally {
    await parts.stop()
  }
}

let trials = 0

/** Lives a scene on a site of its own, so that nothing an earlier one kept comes along. */
const lived = async (engine: Engine, shop: Shop, scene: Scene, level: Level): Promise<Outcome> => {
  const site = `trial-${++trials}`
  shop.attributes = `data-site="${site}" data-consent="${level}"`
  await scene.live(shop, (path) => engine.open(shop.url + path))
  await wait(500)
  // The id is what the store goes by: the same one twice is one event.
  const events = new Map(shop.takenOf(site).map((event) => [event.id, event]))
  const strange = [...events.values()].flatMap((event) => nameOf(event) ?? [])
  const missing = scene.arrives(level).filter((name) => {
    const place = strange.indexOf(name)
    if (place >= 0) strange.splice(place, 1)
    return place < 0
  })
  return { arrived: scene.arrives(level).length - missing.length, missing, strange }
}

/** How a scene calls an event. Engagement is not asked for: a window on a screen that nobody sees has none. */
const nameOf = (event: WireEvent): string | undefined => {
  const { pathname } = new URL(event.url)
  if (event.kind === 'engagement') return undefined
  if (event.kind === 'contact') return `contact ${event.channel} ${pathname}`
  return event.kind === 'custom' ? `custom ${event.name} ${pathname}` : `${event.kind} ${pathname}`
}
