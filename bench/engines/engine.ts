/** A browser that is none of Chromium's, as far as a scene needs it. */
export type Engine = {
  /** With its version. */
  name: string
  /** Opens a tab, and resolves once its page was loaded. */
  open: (url: string) => Promise<Tab>
  stop: () => Promise<void>
}

export type Tab = {
  /** Runs a script in the page; rejects where that throws. */
  run: (script: string) => Promise<void>
  close: () => Promise<void>
}

/** The longest that a browser may take to come up, or to answer. */
export const answer_ms_max = 20_000
