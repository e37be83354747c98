import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { takeLock } from '../dev/lock.ts'

let dir: string
let path: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'balise-lock-'))
  path = join(dir, 'lock')
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

test('who holds a lock keeps it until it is released, and a second one is told by whom', async () => {
  const module = JSON.stringify(new URL('../dev/lock.ts', import.meta.url).href)
  const script = `const { takeLock } = await import(${module}); console.log(takeLock(${JSON.stringify(path)}).held); process.stdin.resume()`
  const holder = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['pipe', 'pipe', 'inherit'] })
  const [told] = await once(holder.stdout, 'data')
  expect(String(told)).toBe('true\n')
  expect(takeLock(path)).toEqual({ held: false, pid: holder.pid })

  holder.kill('SIGKILL')
  await once(holder, 'exit')
  expect(takeLock(path)).toMatchObject({ held: true })
})

test('a released lock leaves no file', () => {
  const lock = takeLock(path)
  if (lock.held) lock.release()
  expect(existsSync(path)).toBe(false)
})

test.each([
  { left: 'a process that is gone', content: '4194303\nnode dev/run.ts dev/start.ts' },
  { left: 'a process whose id is now somebody else', content: `${process.pid}\nnode dev/run.ts dev/start.ts` },
  { left: 'nobody at all', content: '' },
])('a lock left by $left is taken over', ({ content }) => {
  writeFileSync(path, content)
  expect(takeLock(path)).toMatchObject({ held: true })
})
