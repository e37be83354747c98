import { isbot } from 'isbot'
import { isDatacentre } from './datacentre.ts'
import { brandsOf } from './hints.ts'
import type { Sender } from './hit.ts'
import { remembered } from './remembered.ts'

/** Of a longer agent, the rest is not read. */
const agent_chars_max = 500
const brands_chars_max = 300

const isNamedBot = remembered({ entries_max: 5_000, chars_max: agent_chars_max }, (agent) =>
  isbot(agent.slice(0, agent_chars_max)),
)
const isHeadlessBrand = remembered({ entries_max: 1_000, chars_max: brands_chars_max }, (hint) =>
  brandsOf(hint.slice(0, brands_chars_max)).some(([brand]) => brand === 'HeadlessChrome'),
)

/** A desktop Linux, as servers run it; not Android, not Chrome OS. */
const serverLike = /\bX11;(?!.*\bCrOS\b).*\bLinux\b/

/** Every ground to hold a sender for a program, each sound by itself; the first that fits is enough. */
const grounds: readonly ((sender: Sender) => boolean)[] = [
  // A browser always names itself: https://fetch.spec.whatwg.org/#http-network-or-cache-fetch, step "User-Agent".
  ({ agent }) => agent === '',
  // It says so, or is a tool that does: crawlers, headless browsers, HTTP libraries.
  ({ agent }) => isNamedBot(agent),
  // A headless Chrome that hides in its agent still names itself among its brands.
  ({ hints }) => isHeadlessBrand(hints.brands),
  // A cloud's network alone is no ground, people's VPNs and virtual desktops stand there; a server's system on it is.
  ({ asn, agent }) => isDatacentre(asn) && serverLike.test(agent),
]

/** Whether a program sent it rather than a person's browser. What the grounds are worth is in `docs/enrichment.md`. */
export const isAutomaton = (sender: Sender): boolean => grounds.some((fits) => fits(sender))
