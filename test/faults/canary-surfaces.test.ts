import { beforeAll, describe, expect, test } from 'vitest';
import { type Setting, startLife } from './canary-life.ts';
import { SECRETS, sightingsIn } from './canary-secrets.ts';
import { AT_A_TERMINAL, OF_A_SERVICE } from './canary-surfaces.ts';
import { ECHOING_VICTIMS, kolIdOf, SLOW_VICTIMS, VICTIMS } from './canary-upstream.ts';

const SURFACES = { service: OF_A_SERVICE, terminal: AT_A_TERMINAL };
const SETTINGS = Object.keys(SURFACES) as Setting[];

interface Seen {
  /** What was to be seen at each surface. */
  readonly texts: ReadonlyMap<string, string>;
  /** KOLs that the upstream was asked for. */
  readonly asked: ReadonlySet<string | null>;
  readonly log: string;
}

const seen = new Map<Setting, Seen>();
const textAt = (setting: Setting, name: string) => seen.get(setting)?.texts.get(name) ?? '';

beforeAll(async () => {
  await Promise.all(SETTINGS.map(liveThrough));
}, 60_000);

async function liveThrough(setting: Setting): Promise<void> {
  await using life = await startLife(setting);
  const texts = new Map<string, string>();
  for (const { name, collect } of SURFACES[setting]) texts.set(name, await collect(life));
  seen.set(setting, { texts, asked: new Set(life.upstream.calls.map(kolIdOf)), log: life.stderr() });
}

test('there are at least twenty surfaces, and a name tells one from the other', () => {
  const names = SETTINGS.flatMap((setting) => [...new Set(SURFACES[setting].map(({ name }) => name))]);
  expect(names).toHaveLength(SETTINGS.flatMap((setting) => SURFACES[setting]).length);
  expect(new Set(names).size).toBeGreaterThanOrEqual(20);
});

describe.each(SETTINGS)('of a gateway as a %s', (setting) => {
  test('every fault that an upstream can have was met, with every consequence that it can have', () => {
    const { asked, log = '' } = seen.get(setting) ?? {};
    const victims = new Map([...VICTIMS, ...ECHOING_VICTIMS, ...(setting === 'terminal' ? SLOW_VICTIMS : [])]);
    expect(victims.size).toBeGreaterThan(200);
    expect([...victims.keys()].filter((kolId) => !asked?.has(kolId))).toEqual([]);
    const consequences = new Set(
      [...VICTIMS.values()].map(({ gives }) => gives).filter((gives) => gives.includes('_')),
    );
    expect(consequences.size).toBeGreaterThan(10);
    expect([...consequences].filter((code) => !log.includes(`"${code}"`))).toEqual([]);
  });

  test.each(SURFACES[setting])('$name: shows itself, and no secret', ({ name, shows }) => {
    const text = textAt(setting, name);
    expect(shows.filter((shown) => !shown.test(text))).toEqual([]);
    expect(sightingsIn(text)).toEqual([]);
  });

  test('a secret would be found at each of them', () => {
    for (const { name, written } of SURFACES[setting]) {
      const around = textAt(setting, name).slice(0, 2000);
      for (const [secretName, secret] of Object.entries(SECRETS)) {
        const planted = around.slice(0, 1000) + written(secret) + around.slice(1000);
        expect(sightingsIn(planted), name).toEqual([expect.stringContaining(`${secretName}: `)]);
      }
    }
  });
});
