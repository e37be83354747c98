// `node dev/bootstrap.mjs <file.ts> [arguments]` on a machine with nothing but Node 20 and npm: fetches a Node that runs
// TypeScript and pnpm into .balise/tools, then hands over to dev/run.ts. Plain JavaScript, no dependency.
import { execFile, spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { constants } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { toolsFor } from './tools.mjs'

const here = dirname(fileURLToPath(import.meta.url))
const tools_dir = join(dirname(here), '.balise', 'tools')
const run = promisify(execFile)

const { platform, arch, versions } = process
const tools = toolsFor({ platform, arch, version: versions.node })
if (tools.refusal) refuse(tools.refusal)
const modules = join(tools_dir, nameOf(tools.fetch), 'node_modules')
if (!existsSync(modules)) await fetchTools()
handOver()

/** Installs beside the final place and renames it, so that a folder that is there is whole, and two at once are safe. */
async function fetchTools() {
  console.log(`Fetching ${tools.fetch.join(' and ')} …`)
  const target = dirname(modules)
  let draft
  try {
    mkdirSync(tools_dir, { recursive: true })
    draft = mkdtempSync(`${target}.`)
    await npm('install', '--prefix', draft, ...tools.fetch)
    for (const program of programs(join(draft, 'node_modules'))) await run(program, ['--version'])
    renameSync(draft, target)
  } catch (error) {
    if (draft) rmSync(draft, { recursive: true, force: true })
    if (!existsSync(modules)) refuse(reasonOf(error))
  }
}

function npm(...args) {
  const quiet = ['--no-save', '--no-package-lock', '--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline']
  const all = [...args, ...quiet, '--fetch-retry-mintimeout=1000']
  const cli = process.env.npm_execpath
  return cli?.endsWith('npm-cli.js') ? run(process.execPath, [cli, ...all]) : run('npm', all)
}

function programs(folder) {
  return tools.folders.map((name) => join(folder, name, name.endsWith('/bin') ? 'node' : 'pnpm'))
}

function reasonOf(error) {
  const output = String(error.stderr || error.message)
  const network = output.match(
    /\b(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|ERR_SOCKET_TIMEOUT)\b/,
  )
  if (network) return `The npm registry cannot be reached (${network[1]}): check the network or proxy and try again.`
  if (error.code === 'EACCES' || error.code === 'EROFS')
    return `${tools_dir} cannot be written (${error.code}): check who owns it.`
  if (error.code === 'ENOENT') return `npm is not on the PATH: it comes with Node.`
  const line = output.split('\n').findLast((text) => text.startsWith('npm error') && !text.includes('complete log'))
  return `npm could not fetch the tools: ${(line ?? output.trim().split('\n').at(-1)).replace(/^npm error\s*/, '')}.`
}

/** Runs the file with our Node first on the PATH; signals go to it, and its exit code is ours. */
function handOver() {
  const PATH = [...tools.folders.map((name) => join(modules, name)), process.env.PATH].join(delimiter)
  const node = tools.own_node ? process.execPath : programs(modules).at(-1)
  // Node 24.2 announces on every run that it strips types.
  const args = ['--disable-warning=ExperimentalWarning', join(here, 'run.ts'), ...process.argv.slice(2)]
  const child = spawn(node, args, { stdio: 'inherit', env: { ...process.env, PATH } })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  // npm ends the shell between us at once, and that shell tells nobody.
  const parent = process.ppid
  if (process.env.npm_lifecycle_event) setInterval(() => process.ppid !== parent && child.kill('SIGTERM'), 500).unref()
  child.on('error', (error) => refuse(`${node} does not run (${error.code}): remove ${tools_dir} and try again.`))
  child.on('exit', (code, signal) => process.exit(code ?? 128 + constants.signals[signal]))
}

function nameOf(specs) {
  return specs.join('+').replaceAll('/', '-')
}

function refuse(sentence) {
  console.error(sentence)
  process.exit(1)
}
