import baskets from '../shop/baskets.json' with { type: 'json' }
import { fill } from './fill.ts'

type Basket = (typeof baskets)[number]

const title = 'Paniers de Douala'

/** Every file of the shop and its panel that is not code, by its path: pages, and the answers of the shop's API. */
export const shopFiles = (): Record<string, string> => ({
  'index.html': page({
    title: `${title}, le marché vient à vous`,
    description: 'Des paniers de marché, livrés à moto dans Douala. Une boutique imaginaire qui montre Balise.',
    main: fill('shop/home.html', { cards: baskets.map(card).join('') }) + baskets.map(template).join(''),
  }),
  'contact/index.html': page({
    title: `Contact | ${title}`,
    description: 'Par téléphone, WhatsApp ou mail.',
    main: fill('shop/contact.html', {}),
  }),
  'panel/index.html': fill('panel/index.html', {}),
  ...Object.fromEntries(
    baskets.flatMap((basket) => [
      [
        `${basket.path.slice(1)}index.html`,
        page({ title: titleOf(basket), description: basket.line, main: article(basket) }),
      ],
      [`api/baskets/${basket.id}/stock.json`, JSON.stringify(basket.stock)],
    ]),
  ),
})

const page = (values: { title: string; description: string; main: string }): string =>
  fill('shop/layout.html', { ...values, choices: fill('shop/choices.html', {}) })

const card = ({ path, name, line, shown_price, colours }: Basket): string =>
  fill('shop/card.html', { path, name, line, shown_price, picture: picture(colours) })

const article = ({ id, name, story, holds, price, shown_price, colours }: Basket): string =>
  fill('shop/basket.html', {
    id: String(id),
    name,
    story,
    price,
    shown_price,
    holds: holds.map((one) => `<li>${one}</li>`).join(''),
    picture: picture(colours),
  })

/** The home page brings every basket along, so that its links need no load. */
const template = (basket: Basket): string =>
  `<template data-path="${basket.path}" data-title="${titleOf(basket)}">${article(basket)}</template>`

const titleOf = ({ name }: Basket): string => `${name} | ${title}`

const picture = ([a = '', b = '', c = '']: string[]): string => fill('shop/picture.html', { a, b, c })
