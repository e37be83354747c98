// What SvelteKit's client does to History, without its build: `initialize`, `navigate`, `hashchange` and `popstate` of
// sveltejs/kit, packages/kit/src/runtime/client/client.js.
import { controls } from './controls.js'

const app = document.querySelector('#app')
const strip = (url) => url.href.replace(/#.*/, '')
let index = 1
let isFragment = false

const render = () => {
  app.innerHTML = `<h1>${location.pathname}</h1><a href="/a">to a</a>`
}

const navigate = async (href, replaces) => {
  const url = new URL(href, location.href)
  await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve, 0)))
  // A redirect of `load` starts over before anything was pushed.
  if (url.pathname === '/old') return navigate('/new', replaces)
  const entry = { 'sveltekit:history': replaces ? index : ++index, 'sveltekit:navigation': index }
  if (replaces) history.replaceState(entry, '', url)
  else history.pushState(entry, '', url)
  render()
  // `goto` in `onMount`.
  if (url.pathname === '/moved') await navigate('/new', true)
}

history.replaceState({ ...history.state, 'sveltekit:history': index, 'sveltekit:navigation': index }, '')
render()

addEventListener('hashchange', () => {
  if (!isFragment) return
  isFragment = false
  history.replaceState({ ...history.state, 'sveltekit:history': ++index }, '', location.href)
})
addEventListener('popstate', async (event) => {
  if (!event.state) return
  await Promise.resolve()
  render()
})
app.onclick = (event) => {
  const link = event.target.closest('a')
  if (!link) return
  event.preventDefault()
  navigate(link.href, link.href === location.href)
}

const push = (href) => {
  const url = new URL(href, location.href)
  if (strip(url) !== strip(location)) return navigate(href, false)
  // The same page at another fragment is the browser's own affair.
  isFragment = true
  location.assign(href)
}
controls({
  push: (href) => (href.includes('#') ? push(href) : navigate(href, false)),
  replace: (href) => navigate(href, true),
})
