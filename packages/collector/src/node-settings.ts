import { z } from 'zod'
import { peppersIn } from './keys/peppers.ts'
import { limitSettings } from './limits/node-limits.ts'
import { databasesIn } from './store/databases.ts'

const where_shares_lie =
  'Set it to a folder for halves of keys, outside the database and outside every backup, like /var/lib/balise/shares.'

/** What an operator sets of the Node process, in its environment. */
export const nodeSettings = z.object({
  DATABASE_URL: z.url('Set it to the database, like postgres://user:password@host/balise.'),
  /** Where sites may live besides, by name: `{"eu2": "postgres://…"}`. */
  DATABASES: databasesIn,
  /** To all databases together; each is given as many as the others, and ten at most. */
  CONNECTIONS_MAX: z.coerce.number().int().min(2).max(1_000).default(40),
  PEPPERS: peppersIn,
  /** Outside the database and outside every backup. */
  SHARES_DIR: z.string(where_shares_lie).min(1, where_shares_lie),
  /** Where deliveries wait while the database is away, on a disk of this machine. Unset: they are refused with 503. */
  SPOOL_DIR: z.string().optional(),
  SPOOL_BYTES_MAX: z.coerce
    .number()
    .int()
    .min(1)
    .default(2 ** 30),
  PORT: z.coerce.number().int().min(0).max(65_535).default(8787),
  HOST: z.string().default('127.0.0.1'),
  /** Where a proxy of yours, and nobody else, writes the visitor's address: `x-real-ip`. Unset: the connection's. */
  ADDRESS_HEADER: z.string().toLowerCase().optional(),
  /** A city or country database in MaxMind's format. Unset: no place is known. */
  PLACES_FILE: z.string().optional(),
  /** A folder served beside the API: the built SDK, the demo. */
  ASSETS_DIR: z.string().optional(),
  ...limitSettings,
})
