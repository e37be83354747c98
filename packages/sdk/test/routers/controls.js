/**
 * What a test presses, on every app alike: a button for each thing that a page may ask of its router. The link `to a` is
 * the router's own, and `h1` says which page is shown.
 */
export const controls = ({ push, replace }) => {
  const acts = {
    'push b': () => push('/b'),
    'replace c': () => replace('/c'),
    'replace same': () => replace(location.pathname),
    'push fragment': () => push(`${location.pathname}#part`),
    'push query': () => push(`${location.pathname}?page=2`),
    'push redirected': () => push('/old'),
    'push moved': () => push('/moved'),
  }
  for (const [name, act] of Object.entries(acts)) {
    const button = document.createElement('button')
    button.textContent = name
    button.onclick = act
    // Beside the body, which some libraries swap whole.
    document.documentElement.append(button)
  }
}
