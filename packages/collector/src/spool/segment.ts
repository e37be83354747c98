import { mkdir, open, readdir, readFile, rename, truncate, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { recordsIn } from './record.ts'

/** A file of records. `bytes` are those that are known to be on the disk; what may follow them does not count. */
export type Segment = { path: string; bytes: number; deliveries: number }

/** What a spool does to the file it writes. Tests lend one whose disk is full. */
export type SpoolFile = {
  appendFile: (bytes: Uint8Array) => Promise<unknown>
  datasync: () => Promise<void>
  truncate: (bytes: number) => Promise<void>
  close: () => Promise<void>
}

/** Ten digits in the order of writing; an offset follows where a delivery comes back from `dead/`: see `takeBack`. */
const name_shape = /^(\d{10})(?:-\d+)*\.spool$/

/** Opens a file to append to it, readable for this user only. */
export const openToAppend = (path: string): Promise<SpoolFile> => open(path, 'a', 0o600)

/** The path of the segment with this number. */
export const pathOfSegment = (folder: string, number: number): string =>
  join(folder, `${String(number).padStart(10, '0')}.spool`)

/** Makes the names in a folder as durable as the files' contents: a new file is lost with its folder's entry. */
export const syncFolder = async (folder: string): Promise<void> => {
  const handle = await open(folder, 'r')
  await handle.sync().finally(() => handle.close())
}

/**
 * What an earlier process left in the folder, oldest first, and the number that comes next. A file whose end is torn is
 * cut to its whole records, each of which was acknowledged or might have been; `bytes_cut` were not.
 */
export const recover = async (folder: string): Promise<{ segments: Segment[]; next: number; bytes_cut: number }> => {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  await takeBack(folder)
  const names = (await readdir(folder)).filter((name) => name_shape.test(name)).sort()
  const segments: Segment[] = []
  let bytes_cut = 0
  for (const name of names) {
    const path = join(folder, name)
    const file = await readFile(path)
    const records = recordsIn(file)
    const bytes = records.reduce((sum, record) => sum + record.length, 0)
    bytes_cut += file.length - bytes
    if (bytes === 0) await unlink(path)
    else if (bytes < file.length) await truncate(path, bytes)
    if (bytes > 0) segments.push({ path, bytes, deliveries: records.length })
  }
  return { segments, next: Number(name_shape.exec(names.at(-1) ?? '')?.[1] ?? 0) + 1, bytes_cut }
}

/** Where a collector of before decision 0025 left what no database would have: it is tried again, and set aside in the database. */
const takeBack = async (folder: string): Promise<void> => {
  const dead = join(folder, 'dead')
  const names = await readdir(dead).catch((failure: NodeJS.ErrnoException) => {
    if (failure.code === 'ENOENT') return []
    throw failure
  })
  for (const name of names.filter((one) => name_shape.test(one))) await rename(join(dead, name), join(folder, name))
}
