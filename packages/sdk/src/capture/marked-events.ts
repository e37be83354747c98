import { listen } from '../listen.ts'
import type { Noticing } from '../street.ts'

const prop = 'data-balise-prop-'

/**
 * Notices what the page's own HTML names: pressing an element with `data-balise-event="signup"`, or submitting such a
 * form, is the custom event `signup`, with its `data-balise-prop-plan="pro"` as the property `plan`.
 */
export const markedEvents = (): Noticing => (tell) => {
  listen('click auxclick submit', (event: MouseEvent) => {
    const path = event.composedPath() as Element[]
    const marked = path.find((node) => (node as HTMLElement).dataset?.['baliseEvent'])
    const isForm = marked?.localName === 'form'
    if (!marked || isForm !== (event.type === 'submit') || event.button > 1) return
    if (willFollow(marked, path)) return
    const props: { [name: string]: string } = {}
    for (const { name, value } of marked.attributes) if (name.startsWith(prop)) props[name.slice(prop.length)] = value
    tell({ kind: 'custom', name: marked.getAttribute('data-balise-event') || '', props })
  })
}

/** Whether another press follows: a pressed label presses its control (HTML, 4.10.4), which is heard as well. */
const willFollow = (marked: Element, path: readonly Element[]): boolean => {
  const { control } = (path.find(({ localName }) => localName === 'label') || {}) as Partial<HTMLLabelElement>
  return !!control && !path.includes(control) && marked.contains(control)
}
