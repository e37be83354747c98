import { readFile } from 'node:fs/promises'
import { brotliCompressSync, constants } from 'node:zlib'
import { rollup } from 'rollup'
import { minify } from 'terser'
import { here, smallest } from './build.ts'

/** What a page may load, in brotli-11 bytes, and what it must not exceed. */
export const budgets = [{ what: '/balise.js', bytes_max: 2_800 }] as const
