import { controls } from './controls.js'

// Which htmx is loaded before it, version 2 or 4, is the page's affair.
const ask = (name) => (path) => {
  if (path.includes('#')) return location.assign(path)
  const link = document.createElement('a')
  link.setAttribute('hx-get', path)
  link.setAttribute('hx-target', '#app')
  link.setAttribute(name, 'true')
  document.querySelector('#app').append(link)
  htmx.process(link)
  return link.click()
}
controls({ push: ask('hx-push-url'), replace: ask('hx-replace-url') })
