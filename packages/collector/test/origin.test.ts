import { describe, expect, test } from 'vitest'
import type { Channel } from '../src/ingest/channel.ts'
import { originOf } from '../src/ingest/origin.ts'

const home = 'https://shop.example/'

/** Where a page was reached from, its query given, perhaps with a referrer. */
const from = (query: string, referrer?: string) => originOf(new URL(query, home), referrer)

describe('where a visit came from', () => {
  test.each<[url: string, referrer: string | undefined, source: string | undefined]>([
    [home, undefined, undefined],
    [home, '', undefined],
    [home, 'not an address', undefined],
    [home, 'javascript:alert(1)', undefined],
    ['https://shop.example/b', 'https://shop.example/a', undefined],
    ['https://www.shop.example/b', 'https://shop.example/a', undefined],
    [home, 'https://www.google.com/', 'Google'],
    [home, 'https://www.google.co.uk/search?q=secret', 'Google'],
    [home, 'https://www.google.cm/', 'Google'],
    [home, 'https://google.x.io/', 'google.x.io'],
    [home, 'https://notgoogle.com/', 'notgoogle.com'],
    [home, 'https://google.com.evil.example/', 'google.com.evil.example'],
    [home, 'https://mail.google.com/mail/u/0/', 'Gmail'],
    [home, 'https://news.google.com/', 'Google News'],
    [home, 'https://gemini.google.com/app', 'Gemini'],
    [home, 'https://l.facebook.com/l.php', 'Facebook'],
    [home, 'https://lm.facebook.com/', 'Facebook'],
    [home, 'https://api.whatsapp.com/', 'WhatsApp'],
    [home, 'https://fr.search.yahoo.com/', 'Yahoo!'],
    [home, 'https://www.amazon.com.br/', 'Amazon'],
    [home, 'https://www.jumia.cm/', 'Jumia'],
    [home, 'https://jiji.co.ke/', 'Jiji'],
    [home, 'https://WWW.LeBonCoin.fr/ad/1', 'Leboncoin'],
    [home, 'https://blog.example/post', 'blog.example'],
    [home, 'http://localhost:3000/', 'localhost'],
    [home, 'http://192.0.2.1/', '192.0.2.1'],
    [home, 'android-app://com.google.android.gm/', 'Gmail'],
    [home, 'android-app://com.google.android.googlequicksearchbox/', 'Google'],
    [home, 'android-app://com.facebook.lite/', 'Facebook Lite'],
    [home, 'android-app://com.example.app/', 'com.example.app'],
    ['?utm_source=news', 'https://www.google.com/', 'news'],
    ['?utm_source=Fb', undefined, 'Facebook'],
    ['?utm_source=chatgpt.com', undefined, 'ChatGPT'],
    ['?ref=friend', undefined, 'friend'],
    ['?utm_source=%20', undefined, undefined],
    ['?other=1', undefined, undefined],
    ['?constructor=1&__proto__=1', undefined, undefined],
    ['?utm_source=constructor', undefined, 'constructor'],
    ['?gclid=Cj0K', undefined, 'Google'],
    ['?utm_source=spring&gclid=Cj0K', undefined, 'spring'],
    ['?fbclid=IwAR', 'https://shop.example/a', 'Facebook'],
    [`?utm_source=${'x'.repeat(300)}`, undefined, 'x'.repeat(200)],
  ])('%s from %s is %s', (url, referrer, source) => expect(from(url, referrer)?.source).toBe(source))

  test('a campaign is kept whole', () =>
    expect(from('?utm_source=s&utm_medium=m&utm_campaign=c&utm_term=t&utm_content=x')).toEqual({
      source: 's',
      medium: 'm',
      campaign: 'c',
      term: 't',
      content: 'x',
      referrer: null,
      channel: 'Unassigned',
    }))

  test('a referrer loses its query', () =>
    expect(from('/', 'https://blog.example/post?mail=a@b.example')?.referrer).toBe('blog.example/post'))

  test('a click id is not kept', () =>
    expect(JSON.stringify(from('?gclid=Cj0K-secret', 'https://www.google.com/?gclid=Cj0K-secret'))).not.toContain(
      'Cj0K',
    ))
})

describe('the channel of a visit', () => {
  const cases: [channel: Channel | undefined, query: string, referrer?: string][] = [
    [undefined, '/'],
    ['Direct', '?utm_source=(direct)'],
    ['Direct', '?utm_source=direct&utm_medium=(none)'],
    ['Cross-network', '?utm_source=google&utm_medium=cpc&utm_campaign=Cross-Network-spring'],
    ['Paid Shopping', '?utm_source=jumia&utm_medium=cpc'],
    ['Paid Shopping', '?utm_source=news&utm_medium=ppc&utm_campaign=spring-shopping'],
    ['Paid Search', '?utm_source=google&utm_medium=cpc'],
    ['Paid Search', '?utm_source=Bing&utm_medium=PPC'],
    ['Paid Search', '?utm_source=qwant&utm_medium=paidsearch'],
    ['Paid Search', '?gclid=Cj0K', 'https://www.google.com/'],
    ['Paid Search', '?gbraid=0AAA'],
    ['Paid Search', '?msclkid=abc', 'https://www.bing.com/'],
    ['Paid Social', '?utm_source=facebook&utm_medium=paid-social'],
    ['Paid Social', '?utm_source=ig&utm_medium=retargeting'],
    ['Paid Social', '?ttclid=E.C.P'],
    ['Paid Social', '?ScCid=abc', 'https://www.snapchat.com/'],
    ['Paid Video', '?utm_source=youtube&utm_medium=cpv-paid-cpc'],
    ['Display', '?utm_source=partner&utm_medium=banner'],
    ['Display', '?utm_source=partner&utm_medium=cpm'],
    ['Paid Other', '?utm_source=partner&utm_medium=cpc'],
    ['Paid Other', '?utm_source=chatgpt&utm_medium=cpc'],
    ['Paid Other', '?dclid=CPi'],
    ['Organic Shopping', '/', 'https://www.leboncoin.fr/'],
    ['Organic Shopping', '/', 'https://www.jumia.ci/'],
    ['Organic Shopping', '?utm_source=news&utm_campaign=shop'],
    ['Organic Shopping', '?srsltid=AfmB', 'https://www.google.com/'],
    ['Organic Shopping', '?utm_source=news&utm_campaign=eshop'],
    ['Referral', '?utm_source=news&utm_campaign=workshop'],
    ['Organic Social', '/', 'https://l.facebook.com/'],
    ['Organic Social', '?fbclid=IwAR', 'https://l.facebook.com/'],
    ['Organic Social', '?fbclid=IwAR'],
    ['Organic Social', '/', 'android-app://com.whatsapp/'],
    ['Organic Social', '/', 'https://web.telegram.org/'],
    ['Organic Social', '?utm_source=board&utm_medium=Social-Media'],
    ['Organic Video', '/', 'https://www.youtube.com/'],
    ['Organic Video', '?utm_source=partner&utm_medium=video'],
    ['Organic Search', '/', 'https://www.google.fr/'],
    ['Organic Search', '/', 'https://www.ecosia.org/'],
    ['Organic Search', '?utm_source=board&utm_medium=organic'],
    ['AI Assistant', '/', 'https://chatgpt.com/'],
    ['AI Assistant', '?utm_source=chatgpt.com'],
    ['AI Assistant', '/', 'https://www.perplexity.ai/search'],
    ['AI Assistant', '?utm_source=board&utm_medium=ai-assistant'],
    ['Email', '?utm_source=newsletter&utm_medium=email'],
    ['Email', '?utm_source=e-mail'],
    ['Email', '?utm_source=letter&utm_medium=E_mail'],
    ['Email', '/', 'https://mail.google.com/'],
    ['Email', '/', 'android-app://com.google.android.gm/'],
    ['Affiliates', '?utm_source=partner&utm_medium=affiliate'],
    ['Audio', '?utm_source=podcast&utm_medium=audio'],
    ['SMS', '?utm_source=sms'],
    ['SMS', '?utm_source=orange&utm_medium=sms'],
    ['SMS', '/', 'android-app://com.google.android.apps.messaging/'],
    ['Mobile Push Notifications', '?utm_source=app&utm_medium=webpush'],
    ['Mobile Push Notifications', '?utm_source=app&utm_medium=notification'],
    ['Mobile Push Notifications', '?utm_source=firebase&utm_medium=x'],
    ['Referral', '/', 'https://blog.example/post'],
    ['Referral', '/', 'https://www.jeuneafrique.com/1'],
    ['Referral', '?utm_source=partner&utm_medium=referral'],
    ['Referral', '?ref=friend'],
    ['Unassigned', '?utm_source=partner&utm_medium=flyer'],
    ['Unassigned', '?utm_campaign=spring'],
  ]
  test.each(cases)('%s: %s from %s', (channel, query, referrer) => expect(from(query, referrer)?.channel).toBe(channel))
})
