type View = { title: string; content: readonly Node[] }

/**
 * Lets links marked `data-route` change the page without loading it, where this document brought the other page along as
 * a `<template data-path>`; any other link loads as ever.
 */
export const keepRoutes = (window: Window): void => {
  const { document, history, location } = window
  const main = document.querySelector('main')
  const views = viewsOf(document)
  if (!main || views.size === 0) return
  views.set(location.pathname, { title: document.title, content: [...main.childNodes] })

  const show = (): void => {
    const view = views.get(location.pathname)
    if (!view) return void location.reload()
    main.replaceChildren(...view.content)
    document.title = view.title
    main.focus({ preventScroll: true })
    window.scrollTo(0, 0)
  }

  document.addEventListener('click', (event) => {
    const link = event.target instanceof Element && event.target.closest<HTMLAnchorElement>('a[data-route]')
    if (!link || !views.has(link.pathname) || wantsAnotherTab(event)) return
    event.preventDefault()
    if (link.pathname === location.pathname) return
    history.pushState(null, '', link.href)
    show()
  })
  window.addEventListener('popstate', show)
}

const viewsOf = (document: Document): Map<string, View> =>
  new Map(
    [...document.querySelectorAll<HTMLTemplateElement>('template[data-path]')].map(({ dataset, content }) => [
      dataset['path'] ?? '',
      { title: dataset['title'] ?? '', content: [...content.childNodes] },
    ]),
  )

const wantsAnotherTab = ({ button, altKey, ctrlKey, metaKey, shiftKey }: MouseEvent): boolean =>
  button !== 0 || altKey || ctrlKey || metaKey || shiftKey
