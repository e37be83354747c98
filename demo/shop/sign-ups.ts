import type { Balise } from '@balise/sdk'
import { onPress } from './on-press.ts'

/** Takes a subscription, and tells Balise what it is worth. */
export const takeSignUps = (document: Document, balise: Balise | undefined): void =>
  onPress(document, 'sign-up', (plan, say, { dataset }) => {
    balise?.track('signup', { plan }, { revenue: { amount: dataset['amount'] ?? '0', currency: 'XAF' } })
    say('C’est noté, premier panier samedi. (Ici, rien n’est vendu.)')
  })
