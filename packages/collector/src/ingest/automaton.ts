import { isbot } from 'isbot'
import { isDatacentre } from './datacentre.ts'
import { brandsOf } from './hints.ts'
import type { Sender } from './hit.ts'
import { remembered } from './remembered.ts'

/** Bounds what `isbot` reads, and what is remembered. */
const agent_chars_max = 500

const isNamedBot = remembered(5_000, isbot)
const isHeadlessBrand = remembered(1_000, (hint) => brandsOf(hint).some(([brand]) => brand === 'HeadlessChrome'))

/** A desktop Linux, as servers run it; not Android, not Chrome OS. */
const serverLike = /\bX11;(?!.*\bCrOS\b).*\bLinux\b/

/** Every ground to hold a sender for a program, each sound by itself; the first that fits is enough. */
const grounds: readonly ((sender: Sender) => boolean)[] = [
  // A browser always names itself: https://fetch.spec.whatwg.org/#http-network-or-cache-fetch, step "User-Agent".
  ({ agent }) => agent === '',
  // It says so, or is a tool that does: crawlers, headless browsers, HTTP libraries.
  ({ agent }) => isNamedBot(agent.slice(0, agent_chars_max)),
  // A headless Chrome that hides in its agent still names itself among its brands.
  ({ hints }) => isHeadlessBrand(hints.brands.slice(0, 200)),
  // A cloud's network alone is no ground, people's VPNs and virtual desktops stand there; a server's system on it is.
  ({ asn, agent }) => isDatacentre(asn) && serverLike.test(agent),
]

/** Whether a program sent it rather than a person's browser. What the grounds are worth is in `docs/enrichment.md`. */
export const isAutomaton = (sender: Sender): boolean => grounds.some((fits) => fits(sender))
