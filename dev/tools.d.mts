/** A machine, as `process` tells it; `version` is `process.versions.node`. */
type Machine = { platform: string; arch: string; version: string }

/** What to fetch and how to use it, or one sentence on why nothing will do. See `tools.mjs`. */
type Tools = { fetch: string[]; folders: string[]; own_node: boolean } | { refusal: string }

export function toolsFor(machine: Machine): Tools
