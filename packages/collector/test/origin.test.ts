import { describe, expect, test } from 'vitest'
import { originOf } from '../src/ingest/origin.ts'

const origin = (url: string, referrer?: string) => originOf(new URL(url), referrer)

describe('where a visit came from', () => {
  test.each<[url: string, referrer: string | undefined, source: string | undefined]>([
    ['https://shop.example/', undefined, undefined],
    ['https://shop.example/', '', undefined],
    ['https://shop.example/', 'not an address', undefined],
    ['https://shop.example/b', 'https://shop.example/a', undefined],
    ['https://www.shop.example/b', 'https://shop.example/a', undefined],
    ['https://shop.example/', 'https://www.google.com/', 'Google'],
    ['https://shop.example/', 'https://www.google.co.uk/search?q=secret', 'Google'],
    ['https://shop.example/', 'https://google.x.io/', 'google.x.io'],
    ['https://shop.example/', 'https://l.facebook.com/l.php', 'Facebook'],
    ['https://shop.example/', 'https://api.whatsapp.com/', 'WhatsApp'],
    ['https://shop.example/', 'https://blog.example/post', 'blog.example'],
    ['https://shop.example/', 'android-app://com.google.android.gm/', 'Gmail'],
    ['https://shop.example/?utm_source=news', 'https://www.google.com/', 'news'],
    ['https://shop.example/?ref=friend', undefined, 'friend'],
  ])('%s from %s is %s', (url, referrer, source) => expect(origin(url, referrer)?.source).toBe(source))

  test('a campaign is kept whole', () =>
    expect(origin('https://shop.example/?utm_source=s&utm_medium=m&utm_campaign=c&utm_term=t&utm_content=x')).toEqual({
      source: 's',
      medium: 'm',
      campaign: 'c',
      term: 't',
      content: 'x',
      referrer: null,
      channel: 'Unassigned',
    }))

  test('a referrer loses its query', () =>
    expect(origin('https://shop.example/', 'https://blog.example/post?mail=a@b.example')?.referrer).toBe(
      'blog.example/post',
    ))
})
