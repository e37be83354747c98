import { existsSync, globSync } from 'node:fs'
import { homedir } from 'node:os'
import { delimiter, join } from 'node:path'
import { aptInstall } from './apt.ts'
import { Refusal } from './refusal.ts'

const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome']

const applications = [
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
  'C:\\Program Files (x86)\\Google\\Chrome\\Application\\chrome.exe',
]

const playwright_caches = [
  join(homedir(), '.cache/ms-playwright'),
  join(homedir(), 'Library/Caches/ms-playwright'),
  join(process.env['LOCALAPPDATA'] ?? homedir(), 'ms-playwright'),
]

const playwright_programs = [
  'chromium-*/chrome-linux*/chrome',
  'chromium-*/chrome-mac*/*.app/Contents/MacOS/*',
  'chromium-*/chrome-win*/chrome.exe',
]

/** The path of a Chromium: `CHROMIUM_PATH`, the PATH, the usual places, Playwright's cache; nothing when there is none. */
function findChromium(): string | undefined {
  const named = process.env['CHROMIUM_PATH']
  if (named) return existsSync(named) ? named : undefined
  const on_path = (process.env['PATH'] ?? '')
    .split(delimiter)
    .flatMap((folder) => names.map((name) => join(folder, name)))
  return [...on_path, ...applications].find((path) => existsSync(path)) ?? cachedByPlaywright()
}

/** As `findChromium`, but installs Debian's own when there is none; where that cannot be done, a `Refusal` says how. */
export function ensureChromium(): string {
  const found = findChromium() ?? installed()
  if (!found) {
    const named = process.env['CHROMIUM_PATH']
    if (named) throw new Refusal(`CHROMIUM_PATH names ${named}, which is not there.`)
    throw new Refusal(
      'The browser tests need a Chromium: install Chromium or Chrome (on Debian `sudo apt-get install chromium`), or set CHROMIUM_PATH.',
    )
  }
  return found
}

function cachedByPlaywright(): string | undefined {
  const found = playwright_caches
    .filter((cache) => existsSync(cache))
    .flatMap((cwd) => globSync(playwright_programs, { cwd }).map((path) => join(cwd, path)))
  return found.sort().at(-1)
}

function installed(): string | undefined {
  return !process.env['CHROMIUM_PATH'] && aptInstall('chromium') ? findChromium() : undefined
}
