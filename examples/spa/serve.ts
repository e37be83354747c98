import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'

const port = Number(process.env['PORT'] ?? 8080)

/** Serves the bundle, and for every other path the one page that routes itself. */
createServer(async ({ url }, response) => {
  const isScript = url === '/dist/main.js'
  const file = new URL(isScript ? './dist/main.js' : './index.html', import.meta.url)
  response.setHeader('content-type', isScript ? 'text/javascript' : 'text/html')
  response.end(await readFile(file))
}).listen(port, '127.0.0.1', () => console.log(`http://127.0.0.1:${port}`))
