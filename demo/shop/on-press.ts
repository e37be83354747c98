/** What a press does: `value` is that of the button's `data-` attribute, `say` speaks beside the button. */
type Act = (value: string, say: (sentence: string) => void, button: HTMLButtonElement) => void

/** Acts on every press of a button that has `data-{name}`, wherever in the page it is or will be. */
export const onPress = (document: Document, name: string, act: Act): void =>
  document.addEventListener('click', ({ target }) => {
    const button = target instanceof Element && target.closest<HTMLButtonElement>(`button[data-${name}]`)
    if (!button) return
    const said = button.parentElement?.querySelector('.said')
    const say = (sentence: string) => said?.replaceChildren(sentence)
    act(button.getAttribute(`data-${name}`) ?? '', say, button)
  })
