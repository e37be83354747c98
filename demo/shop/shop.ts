import type { Balise } from '@balise/sdk'
import { offerChoices } from './choices.ts'
import { keepRoutes } from './routes.ts'
import { takeSignUps } from './sign-ups.ts'
import { answerStock } from './stock.ts'

declare global {
  interface Window {
    /** Put there by the script tag before this one. Missing where a blocker took it: the shop has to work all the same. */
    readonly balise?: Balise
  }
}

keepRoutes(window)
answerStock(document)
takeSignUps(document, window.balise)
if (window.balise) offerChoices(window, window.balise)
