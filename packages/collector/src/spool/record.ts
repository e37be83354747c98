import { crc32 } from 'node:zlib'
import type { Delivery } from '../ingest/row.ts'

/** Length and checksum of what follows, four bytes each, big-endian. */
const head_bytes = 8

/** A delivery as it lies in a spool file: its length, the CRC-32 of its text, its text as JSON in UTF-8. */
export const recordOf = (delivery: Delivery): Buffer => {
  const text = Buffer.from(JSON.stringify(delivery))
  const head = Buffer.alloc(head_bytes)
  head.writeUInt32BE(text.length, 0)
  head.writeUInt32BE(crc32(text), 4)
  return Buffer.concat([head, text])
}

/** A record that was found whole: where it begins, and all of its bytes. */
export type SpoolRecord = { offset: number; bytes: Buffer }

/**
 * The whole records at the beginning of a file. What follows the last of them was being written when the process or the
 * machine died, and nobody was told that it is kept. A hole of zeros, which a file system may leave there, is no record.
 */
export const recordsIn = (file: Buffer): SpoolRecord[] => {
  const records: SpoolRecord[] = []
  for (let offset = 0; ; ) {
    const bytes = wholeRecordAt(file, offset)
    if (!bytes) return records
    records.push({ offset, bytes })
    offset += bytes.length
  }
}

/** Reads a whole record. */
export const deliveryIn = ({ bytes }: SpoolRecord): Delivery => JSON.parse(bytes.toString('utf8', head_bytes))

const wholeRecordAt = (file: Buffer, offset: number): Buffer | undefined => {
  if (offset + head_bytes > file.length) return undefined
  const end = offset + head_bytes + file.readUInt32BE(offset)
  if (end === offset + head_bytes || end > file.length) return undefined
  const bytes = file.subarray(offset, end)
  return crc32(bytes.subarray(head_bytes)) === bytes.readUInt32BE(4) ? bytes : undefined
}
