import { createHash } from 'node:crypto';
import { CANARY_TOKEN } from '../support/test-gateway.ts';

/** What may be found nowhere. The upstream's token is its and ours; wrong ones are mistyped right ones, as a rule. */
export const SECRETS = {
  token: CANARY_TOKEN,
  opsKey: 'ops-key/Canary+"5b2d\\c8=41e6',
  webKey: 'web-key/Canary+"90af\\17=d3b8',
  wrongKey: 'bad-key/Canary+"e71c\\2b=86f0',
  routerSecret: 'router/Canary+"4e8a\\93=10bd',
  wrongRouterSecret: 'bad-secret/Canary+"c26d\\5f=7a94',
  collectorKey: 'otlp-key/Canary+"83c4\\e0=2d6f',
} as const;

function inJson(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}

/** How a text is written where it is part of something else. */
export const WRITTEN = {
  plainly: (text: string) => text,
  inJson,
  inJsonInJson: (text: string) => inJson(inJson(text)),
  inUrl: encodeURIComponent,
  inHtml: (text: string) => text.replaceAll('"', '&quot;'),
  inBase64: (text: string) => Buffer.from(text).toString('base64'),
  inHex: (text: string) => Buffer.from(text).toString('hex'),
} as const satisfies Readonly<Record<string, (text: string) => string>>;

export type Writing = (typeof WRITTEN)[keyof typeof WRITTEN];

const FIRST = 8;
const LAST = 7;

/** Every form in which a secret could be found again: whole, hashed, cut off behind its start or before its end. */
export function formsOf(secret: string): readonly string[] {
  const start = secret.slice(0, FIRST);
  return [
    ...new Set([
      ...Object.values(WRITTEN).map((write) => write(secret)),
      Buffer.from(secret).toString('base64url'),
      ...[0, 1, 2].map((offset) => base64Behind(offset, secret)),
      createHash('sha256').update(secret).digest('hex'),
      start,
      encodeURIComponent(start),
      secret.slice(-LAST),
    ]),
  ];
}

/** What the start of a secret looks like in the Base64 of something longer, which has other bytes before it. */
function base64Behind(offset: number, secret: string): string {
  const bytes = Buffer.from(`${'?'.repeat(offset)}${secret.slice(0, 12 - offset)}`);
  return bytes.toString('base64').slice(Math.ceil((offset * 4) / 3));
}

const FORMS = Object.entries(SECRETS).map(([name, secret]) => {
  const forms = [...new Set(formsOf(secret).map((form) => form.toLowerCase()))];
  // What holds a shorter one is found with it.
  return { name, forms: forms.filter((form) => !forms.some((part) => part !== form && form.includes(part))) };
});

/** The secrets that are in a text in any form, whatever was done to their case; each with what stands around it. */
export function sightingsIn(text: string): readonly string[] {
  const lowered = text.toLowerCase();
  return FORMS.flatMap(({ name, forms }) => {
    const [at] = forms.map((form) => lowered.indexOf(form)).filter((index) => index >= 0);
    return at === undefined ? [] : [`${name}: ${lowered.slice(Math.max(0, at - 40), at + 40)}`];
  });
}
