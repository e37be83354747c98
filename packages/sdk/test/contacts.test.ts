import { expect, test } from 'vitest'
import { contactOf } from '../src/capture/contacts.ts'

test.each([
  ['tel:+237600000000', 'phone', '+237600000000'],
  ['tel:+237600000000;ext=1', 'phone', '+237600000000'],
  ['mailto:hello@shop.example?subject=Hi', 'email', 'hello@shop.example'],
  ['sms:+237600000000?body=Hi', 'sms', '+237600000000'],
  ['sms:+237600000000&body=Hi', 'sms', '+237600000000'],
  ['https://wa.me/237600000000?text=Hi', 'whatsapp', '237600000000'],
  ['https://api.whatsapp.com/send?phone=237600000000&text=Hi', 'whatsapp', '237600000000'],
  ['https://api.whatsapp.com/send/?phone=%2B237600000000', 'whatsapp', '237600000000'],
  ['whatsapp://send?phone=237600000000', 'whatsapp', '237600000000'],
  ['whatsapp://send?text=Hi', 'whatsapp', undefined],
  ['https://web.whatsapp.com/send?phone=237600000000', 'whatsapp', '237600000000'],
  ['https://wa.me/message/ABCDEF', 'whatsapp', undefined],
  ['https://chat.whatsapp.com/AbCdEf', 'whatsapp', undefined],
  ['https://t.me/shop', 'chat', undefined],
  ['https://telegram.me/shop', 'chat', undefined],
  ['tg://resolve?domain=shop', 'chat', undefined],
  ['https://m.me/shop', 'chat', undefined],
  ['fb-messenger://user-thread/1', 'chat', undefined],
  ['https://signal.me/#p/+237600000000', 'chat', undefined],
  ['sgnl://signal.me/#p/+237600000000', 'chat', undefined],
  ['geo:4.05,9.7', 'map', undefined],
  ['https://google.cm/maps?q=Douala', 'map', undefined],
  ['https://goo.gl/maps/abc', 'map', undefined],
  ['https://www.openstreetmap.org/?mlat=4.05', 'map', undefined],
  ['https://osm.org/go/abc', 'map', undefined],
  ['https://www.waze.com/ul?ll=4.05,9.7', 'map', undefined],
  ['waze://?ll=4.05,9.7', 'map', undefined],
  ['maps:q=Douala', 'map', undefined],
  ['https://maps.google.com/?q=Douala', 'map', undefined],
  ['https://www.google.com/maps/place/Douala', 'map', undefined],
  ['https://maps.app.goo.gl/abc', 'map', undefined],
  ['https://maps.apple.com/?q=Douala', 'map', undefined],
])('a link to %s reaches out by %s', (href, channel, target) => expect(contactOf(href)).toEqual({ channel, target }))

test.each(['https://shop.example/contact', 'https://shop.example/maps/', '/tel:1', 'javascript:void 0', ''])(
  'a link to %j reaches nobody',
  (href) => expect(contactOf(href)).toBeUndefined(),
)
