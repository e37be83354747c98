// What the App Router of Next does to History, without Next (too heavy for a fixture): `HistoryUpdater` and the patched
// methods of vercel/next.js, packages/next/src/client/components/app-router.tsx.
import { controls } from './controls.js'

const app = document.querySelector('#app')
let page = { canonicalUrl: location.pathname + location.search + location.hash, pendingPush: false }

// `HistoryUpdater`, an insertion effect: after each change of the router's state it pushes or replaces.
const commit = () => {
  const state = { __NA: true, __PRIVATE_NEXTJS_INTERNALS_TREE: ['', {}] }
  const isOther = page.canonicalUrl !== location.pathname + location.search + location.hash
  if (page.pendingPush && isOther) history.pushState(state, '', page.canonicalUrl)
  else history.replaceState(state, '', page.canonicalUrl)
  page.pendingPush = false
  app.innerHTML = `<h1>${location.pathname}</h1><a href="/a">to a</a>`
}

const show = async (url, pendingPush) => {
  // The server answers `/old` with a redirect, and the router only ever learns the end of it.
  await new Promise((resolve) => setTimeout(resolve, 10))
  page = { canonicalUrl: url === '/old' ? '/new' : url, pendingPush }
  commit()
  // `<Navigate>` there is `redirect()` in a client component: a replace in the next render.
  if (url === '/moved') show('/new', false)
}

commit()
commit()

// Calls by the page are told to the router, which commits the same address once more.
for (const method of ['pushState', 'replaceState']) {
  const original = history[method].bind(history)
  history[method] = (data, unused, url) => {
    if (data?.__NA) return original(data, unused, url)
    original({ ...data, __NA: true }, unused, url)
    page = { canonicalUrl: url, pendingPush: false }
    return queueMicrotask(commit)
  }
}
addEventListener('popstate', () => {
  page = { canonicalUrl: location.pathname + location.search + location.hash, pendingPush: false }
  queueMicrotask(commit)
})
app.onclick = (event) => {
  const link = event.target.closest('a')
  if (!link) return
  event.preventDefault()
  show(link.pathname, true)
}
controls({ push: (url) => show(url, true), replace: (url) => show(url, false) })
