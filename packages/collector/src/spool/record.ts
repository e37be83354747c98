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

/**
 * The whole records at the beginning of a file. What follows the last of them was being written when the process or the
 * machine died, and nobody was told that it is kept. A hole of zeros, which a file system may leave there, is no record.
 */
export const recordsIn = (file: Buffer): Buffer[] => {
  const records: Buffer[] = []
  for (let offset = 0; ; ) {
    const record = wholeRecordAt(file, offset)
    if (!record) return records
    records.push(record)
    offset += record.length
  }
}

/** Reads a whole record. */
export const deliveryIn = (record: Buffer): Delivery => JSON.parse(record.toString('utf8', head_bytes))

const wholeRecordAt = (file: Buffer, offset: number): Buffer | undefined => {
  if (offset + head_bytes > file.length) return undefined
  const end = offset + head_bytes + file.readUInt32BE(offset)
  if (end === offset + head_bytes || end > file.length) return undefined
  const bytes = file.subarray(offset, end)
  return crc32(bytes.subarray(head_bytes)) === bytes.readUInt32BE(4) ? bytes : undefined
}
