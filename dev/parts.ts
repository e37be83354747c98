import { Refusal } from './refusal.ts'

/** Something that runs until it is stopped. `exited` settles when it is gone, stopped or not. */
export type Part = { stop(): void | Promise<void>; exited?: Promise<unknown> }

/**
 * What runs, in the order it was started. `add` gives the part back once it is there; `death` rejects with a `Refusal`
 * as soon as one ends by itself; `stop` ends them in reverse order, and whatever is still being started as well;
 * `stopping` tells those who wait that it is over.
 */
export type Parts = {
  add<P extends Part>(name: string, part: P | Promise<P>): Promise<P>
  death: Promise<never>
  stopping: AbortSignal
  stop(): Promise<void>
}

export function createParts(): Parts {
  const running: Part[] = []
  const end = new AbortController()
  const { promise: death, reject } = Promise.withResolvers<never>()
  return {
    death,
    stopping: end.signal,
    async add(name, starting) {
      const part = await starting
      if (end.signal.aborted) {
        await part.stop()
        throw new Refusal(`${name} was stopped before it was needed.`)
      }
      running.push(part)
      part.exited?.then(
        () => end.signal.aborted || reject(new Refusal(`${name} ended by itself: everything else is stopped.`)),
      )
      return part
    },
    async stop() {
      end.abort()
      for (const part of running.toReversed()) await part.stop()
    },
  }
}
