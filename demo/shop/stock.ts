import { onPress } from './on-press.ts'

type Stock = { ready: number; place: string; next_delivery: string }

/** Answers "is there one left?" through the shop's API, as a shop does. Balise notices the call by itself. */
export const answerStock = (document: Document): void =>
  onPress(document, 'stock', async (address, say) => {
    say('Un instant…')
    say(await sentenceOf(address))
  })

const sentenceOf = async (address: string): Promise<string> => {
  const response = await fetch(address).catch((failure: Error) => failure)
  if (response instanceof Error || !response.ok) return 'Le stock ne répond pas. Réessayez dans un moment.'
  const { ready, place, next_delivery }: Stock = await response.json()
  return `${ready} paniers prêts à ${place}. Prochaine tournée à ${next_delivery}.`
}
