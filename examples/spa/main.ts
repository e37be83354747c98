import { contacts, createBalise, engagement, pageViews } from '@balise/sdk'

const balise = createBalise({
  site: 'demo',
  endpoint: 'http://127.0.0.1:8787',
  capture: [pageViews(), contacts(), engagement()],
  debug: true,
})

/** What each path shows. The tracker sees the History API move; no route has to tell it. */
const routes: { readonly [path: string]: { title: string; html: string } } = {
  '/': { title: 'Baskets', html: '<p><a href="/p/1">A basket from Moungo</a></p>' },
  '/p/1': { title: 'Moungo', html: '<p><button type="button">Have it every week</button></p>' },
  '/contact': { title: 'Contact', html: '<p><a href="tel:+237600000000">Call</a></p>' },
}

const show = (): void => {
  const { title, html } = routes[location.pathname] ?? { title: 'Not found', html: '<p>Nothing here.</p>' }
  const main = document.querySelector('main')
  document.title = title
  if (main) main.innerHTML = `<h1>${title}</h1>${html}`
}

document.addEventListener('click', (event) => {
  const { target } = event
  if (target instanceof HTMLButtonElement) balise.track('signup', { path: location.pathname })
  const link = target instanceof Element ? target.closest('a') : null
  if (!link || link.origin !== location.origin) return
  event.preventDefault()
  history.pushState({}, '', link.href)
  show()
})
addEventListener('popstate', show)
show()
