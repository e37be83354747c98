import { globSync, readFileSync } from 'node:fs'
import { join, posix } from 'node:path'
import { Marked } from 'marked'
import { fill } from './fill.ts'

type Doc = { file: string; title: string; text: string }

/** Docs that stand beside what they explain, and as what they are shown. */
const elsewhere: Record<string, string> = { 'packages/sdk/README.md': 'docs/sdk.md' }

/** A page for each Markdown file of the checkout's `docs`, and for those elsewhere, and `docs/index.html` that lists them. */
export const docsPages = (checkout: string): Record<string, string> => {
  const docs = globSync(['docs/**/*.md', ...Object.keys(elsewhere)], { cwd: checkout })
    .sort(topFirst)
    .map((file): Doc => docOf(checkout, file))
  return Object.fromEntries([
    ['docs/index.html', page('Balise: the docs', listOf(docs))],
    ...docs.map((doc) => [`${addressOf(doc.file).slice(1)}index.html`, page(doc.title, htmlOf(doc, docs))]),
  ])
}

const page = (title: string, main: string): string => fill('docs/layout.html', { title: escaped(title), main })

const docOf = (checkout: string, file: string): Doc => {
  const text = readFileSync(join(checkout, file), 'utf8')
  return { file, text, title: /^# (.+)$/m.exec(text)?.[1] ?? file }
}

/** What explains the product before what explains decisions. */
const topFirst = (a: string, b: string): number => depthOf(a) - depthOf(b) || addressOf(a).localeCompare(addressOf(b))

const depthOf = (file: string): number => shownAs(file).split('/').length

const addressOf = (file: string): string =>
  `/${shownAs(file)
    .replace(/README\.md$/, '')
    .replace(/\.md$/, '/')}`

const shownAs = (file: string): string => elsewhere[file] ?? file

const listOf = (docs: readonly Doc[]): string => {
  const items = docs.map(({ file, title }) => `<li><a href="${addressOf(file)}">${escaped(title)}</a></li>`)
  return `<h1>The docs</h1><ul class="pages">${items.join('')}</ul>`
}

/** Headings can be linked to, and links between files become links between pages. */
const htmlOf = ({ file, text }: Doc, docs: readonly Doc[]): string =>
  new Marked({
    async: false,
    renderer: {
      heading({ tokens, depth, text }) {
        return `<h${depth} id="${idOf(text)}">${this.parser.parseInline(tokens)}</h${depth}>\n`
      },
      link({ href, tokens }) {
        const text = this.parser.parseInline(tokens)
        const address = /^[a-z]+:|^#/.test(href) ? href : pageOf(posix.join(posix.dirname(file), href), docs)
        return address ? `<a href="${escaped(address)}">${text}</a>` : text
      },
    },
  }).parse(text) as string

/** Where a file of the checkout is shown: nowhere, unless it is one of the docs. */
const pageOf = (path: string, docs: readonly Doc[]): string | undefined => {
  const [file = '', place] = path.split('#')
  if (!docs.some((doc) => doc.file === file)) return undefined
  return addressOf(file) + (place ? `#${place}` : '')
}

/** As GitHub names them, so that a link works in both places. */
const idOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .replaceAll(' ', '-')

const escaped = (text: string): string => text.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`)
