import { unlink } from 'node:fs/promises'
import { openToAppend, pathOfSegment, type Segment, type SpoolFile, syncFolder } from './segment.ts'

/** What a disk that has room takes at least. */
const block_bytes = 64 * 1024

/** Where a writer's files lie, and the number of the first; `open` is a file system's. */
export type SegmentWriterOptions = {
  folder: string
  first: number
  /** Told of each file that is complete and holds something. */
  onClosed: (segment: Segment) => void
  open?: ((path: string) => Promise<SpoolFile>) | undefined
}

/** Writes one file after the other. Its acts must not overlap. */
export const createSegmentWriter = ({ folder, first, onClosed, open = openToAppend }: SegmentWriterOptions) => {
  let number = first
  let active: (Segment & { file: SpoolFile }) | undefined

  const begin = async () => {
    const path = pathOfSegment(folder, number++)
    active = { path, file: await open(path), bytes: 0, deliveries: 0 }
    await syncFolder(folder)
    return active
  }

  const close = async (): Promise<void> => {
    if (!active) return
    const { file, ...segment } = active
    active = undefined
    if (segment.bytes > 0) onClosed(segment)
    await file.close()
    if (segment.bytes === 0) await unlink(segment.path)
  }

  /** After a failed write nobody knows what a second try would do: the file ends with its last good byte. */
  const abandon = async (): Promise<void> => {
    await active?.file.truncate(active.bytes).finally(close)
  }

  return {
    /** The file that is being written to. */
    active: (): Segment | undefined => active,
    /** Puts the bytes of so many deliveries on the disk. Rejects, and leaves nothing of them, where it takes no more. */
    write: async (bytes: Uint8Array, deliveries: number): Promise<void> => {
      try {
        const segment = active ?? (await begin())
        await segment.file.appendFile(bytes)
        await segment.file.datasync()
        segment.bytes += bytes.length
        segment.deliveries += deliveries
      } catch (failure) {
        await abandon()
        throw failure
      }
    },
    /** Ends the file; the next write begins another. */
    close,
    /** Finds out whether the disk takes a block, and leaves nothing of it. Rejects where it does not. */
    tryDisk: async (): Promise<void> => {
      const { file } = active ?? (await begin())
      await file
        .appendFile(Buffer.alloc(block_bytes))
        .then(() => file.datasync())
        .finally(abandon)
    },
  }
}
