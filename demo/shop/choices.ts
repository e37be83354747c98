import type { Balise, ConsentLevel, ErasureReceipt } from '@balise/sdk'
import { createDecision } from './decision.ts'

const words: Record<ConsentLevel, string> = {
  none: 'rien',
  anonymous: 'anonyme',
  analytics: 'audience',
  marketing: 'marketing',
}

/** The card "Vos choix": the level, the right to be forgotten, the right not to be counted. */
export const offerChoices = ({ document, localStorage, navigator }: Window, balise: Balise): void => {
  const [level, forget, out, receipt] = ['level', 'forget', 'opt-out', 'receipt'].map((id) =>
    document.getElementById(id),
  )
  const radios = [...document.querySelectorAll<HTMLInputElement>('input[name=level]')]
  if (!level || !forget || !out || !receipt) return
  const decision = createDecision(localStorage)
  const isOut = () => out.ariaPressed === 'true'

  const show = (): void => {
    const inForce = balise.consent.get()
    const why = hasSignal(navigator) ? ', comme votre navigateur le demande' : isOut() ? ', comme vous le demandez' : ''
    level.textContent = words[inForce] + (inForce === 'none' ? why : '')
    for (const radio of radios) radio.checked = radio.value === (decision.read() ?? inForce)
  }

  balise.consent.connect(decision)
  out.ariaPressed = String(decision.read() !== 'none' && balise.consent.get() === 'none' && !hasSignal(navigator))
  show()

  for (const radio of radios)
    radio.addEventListener('change', () => {
      decision.take(radio.value as ConsentLevel)
      show()
    })
  out.addEventListener('click', () => {
    out.ariaPressed = String(!isOut())
    balise.optOut(isOut())
    show()
  })
  forget.addEventListener('click', async () => {
    receipt.textContent = 'Un instant…'
    const done = await balise.forget()
    decision.take('none')
    receipt.replaceChildren(...(done ? shownReceipt(document, done) : [nobody]))
    receipt.scrollIntoView({ block: 'nearest' })
    show()
  })
}

const nobody = 'Personne à oublier. À ce niveau, rien ne relie vos visites à ce navigateur.'

const shownReceipt = (document: Document, { id, at, erased, suppressed }: ErasureReceipt): Node[] => {
  const title = document.createElement('h3')
  title.textContent = 'C’est fait. Voici votre reçu.'
  const list = document.createElement('dl')
  const lines = {
    Reçu: id,
    Le: new Date(at).toLocaleString('fr-FR', { dateStyle: 'long', timeStyle: 'short' }),
    'Événements effacés': String(erased.events),
    'Clés désormais refusées': String(suppressed),
  }
  for (const [term, text] of Object.entries(lines)) {
    const [dt, dd] = [document.createElement('dt'), document.createElement('dd')]
    dt.textContent = term
    dd.textContent = text
    list.append(dt, dd)
  }
  return [title, list]
}

/** Global Privacy Control or Do Not Track: Balise obeys it whatever is chosen here. */
const hasSignal = (navigator: Navigator & { globalPrivacyControl?: boolean }): boolean =>
  navigator.globalPrivacyControl === true || navigator.doNotTrack === '1'
