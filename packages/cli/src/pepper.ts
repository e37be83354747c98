import { randomBytes } from 'node:crypto'

/** A new pepper: 256 random bits in base64url, 43 characters. */
export const pepper = (): string => randomBytes(32).toString('base64url')
