import { createHash } from 'node:crypto'
import { existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { command, root } from './command.ts'

/** A package's build: what it reads, beside its own package.json, and what it leaves when it is done. */
type Build = { folder: string; reads: string[]; leaves: string }

/** In this order: the demo serves the built SDK. */
const builds: Build[] = [
  { folder: 'packages/sdk', reads: ['src/**/*', '*.ts'], leaves: 'dist/balise.js' },
  {
    folder: 'demo',
    reads: [
      ...['{build,docs,panel,shop}/**/*', '*.{ts,css}'],
      ...['../docs/**/*.md', '../packages/sdk/README.md', '../packages/sdk/dist/balise.js'],
    ],
    leaves: 'dist/index.html',
  },
]

/** Builds what changed since it was last built; false when a build fails. */
export async function build(): Promise<boolean> {
  for (const { folder, reads, leaves } of builds) {
    const cwd = join(root, folder)
    const stamp_file = join(root, '.balise', `built-${folder.replaceAll('/', '-')}`)
    const stamp = stampOf(cwd, ['package.json', ...reads])
    if (existsSync(join(cwd, leaves)) && existsSync(stamp_file) && readFileSync(stamp_file, 'utf8') === stamp) continue
    if ((await command('pnpm', ['run', 'build'], cwd)) !== 0) return false
    mkdirSync(join(root, '.balise'), { recursive: true })
    writeFileSync(stamp_file, stamp)
  }
  return true
}

/** Where `npm start` puts a token for the demo page. */
export const page_file = join(root, 'demo', 'dist', 'demo.json')

/** `npm run build`. What it leaves may be deployed: so without that token. */
export const main = async (): Promise<number> => {
  rmSync(page_file, { force: true })
  return (await build()) ? 0 : 1
}

function stampOf(cwd: string, patterns: string[]): string {
  const hash = createHash('sha256')
  const files = globSync(patterns, { cwd, withFileTypes: true }).filter((entry) => entry.isFile())
  for (const path of files.map((file) => join(file.parentPath, file.name)).sort()) {
    hash.update(`\n${path}\n`).update(readFileSync(path))
  }
  return hash.digest('hex')
}
