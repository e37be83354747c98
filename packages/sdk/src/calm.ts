/** `act`, made unable to throw into the page: what it throws is for the developer's eyes, and answered with `undefined`. */
export const calm =
  <Args extends unknown[], Answer>(act: (...args: Args) => Answer) =>
  (...args: Args): Answer | undefined => {
    try {
      return act(...args)
    } catch (error) {
      return note(error)
    }
  }

/** Says something to the developer. */
export const note = (...what: unknown[]): undefined => console.debug('[balise]', ...what) as undefined
