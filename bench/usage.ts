import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'

/** CPU time of processes, and the memory they hold now; `unshared_bytes` is what no other process can hold too. */
export type Usage = { cpu_us: number; resident_bytes: number; unshared_bytes: number }

/** Whom to count: `root_too: false` leaves out the process itself, `without` some of those under it. */
export type Counted = { root_too?: boolean; without?: number[] }

type Process = Usage & { pid: number; parent: number }

/** A meter of a process and all under it: it gives the CPU time used since the meter was made, and the memory held now. */
export const meterOf = (root: number, counted?: Counted): (() => Usage) => {
  const before = usageOf(root, counted)
  return () => {
    const { cpu_us, ...memory } = usageOf(root, counted)
    return { cpu_us: cpu_us - before.cpu_us, ...memory }
  }
}

/** What a process and all under it have used so far. */
export const usageOf = (root: number, { root_too = true, without = [] }: Counted = {}): Usage => {
  const all = processes()
  const family = new Set([root])
  // Children are listed after their parents only by chance: look until nobody new is found.
  for (let size = 0; size < family.size; ) {
    size = family.size
    for (const { pid, parent } of all) if (family.has(parent)) family.add(pid)
  }
  if (!root_too) family.delete(root)
  const counted = all.filter(({ pid }) => family.has(pid) && !without.includes(pid))
  return {
    cpu_us: counted.reduce((sum, { cpu_us }) => sum + cpu_us, 0),
    resident_bytes: counted.reduce((sum, { resident_bytes }) => sum + resident_bytes, 0),
    unshared_bytes: counted.reduce((sum, { unshared_bytes }) => sum + unshared_bytes, 0),
  }
}

const processes = (): Process[] => (existsSync('/proc/self/stat') ? fromProc() : fromPs())

/** The kernel's USER_HZ and page size, the same on every Linux that Node runs on but for some ARM kernels' pages. */
const tick_us = 10_000
const page_bytes = 4_096

/**
 * @see https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html fields 4, 14 to 17 (with children that ended)
 * @see https://man7.org/linux/man-pages/man5/proc_pid_statm.5.html fields 2 and 3
 */
const fromProc = (): Process[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      const stat = readProc(name, 'stat')
      const statm = readProc(name, 'statm')
      if (!stat || !statm) return []
      const fields = stat
        .slice(stat.lastIndexOf(')') + 2)
        .split(' ')
        .map(Number)
      const [parent = 0, ticks] = [fields[1], fields.slice(11, 15).reduce((sum, value) => sum + value, 0)]
      const [, resident = 0, shared = 0] = statm.split(' ').map(Number)
      return [
        {
          pid: Number(name),
          parent,
          cpu_us: ticks * tick_us,
          resident_bytes: resident * page_bytes,
          unshared_bytes: (resident - shared) * page_bytes,
        },
      ]
    })

/** A process may end while it is looked at. */
const readProc = (pid: string, file: 'stat' | 'statm'): string | undefined => {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'latin1')
  } catch (error) {
    if (['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined
    throw error
  }
}

/** macOS: `[[days-]hours:]minutes:seconds.hundredths`, and kilobytes; it does not tell what is shared. */
const fromPs = (): Process[] =>
  execFileSync('ps', ['-A', '-o', 'pid=,ppid=,time=,rss='], { encoding: 'utf8' })
    .trim()
    .split('\n')
    .map((line) => {
      const [pid = '', parent = '', time = '', kilobytes = ''] = line.trim().split(/\s+/)
      const seconds = time.split(/[-:]/).reduce((sum, part) => sum * 60 + Number(part), 0)
      return {
        pid: Number(pid),
        parent: Number(parent),
        cpu_us: seconds * 1e6,
        resident_bytes: Number(kilobytes) * 1024,
        unshared_bytes: Number(kilobytes) * 1024,
      }
    })
