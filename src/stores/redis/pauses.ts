import { z } from 'zod';
import { parseJson } from '../../domain/parse-json.ts';
import { VERDICTS } from '../../domain/verdicts.ts';
import type { Pause } from '../../upstream/policies/breaker.ts';
import type { BreakerName, SharedPauses } from '../../upstream/policies/breakers.ts';
import type { RedisKeys } from './keys.ts';
import type { RedisLink } from './link.ts';

export type PauseUpdate = readonly ['pause', field: string, pause: Pause | null];

export interface RedisPausesOptions {
  readonly link: RedisLink;
  readonly keys: RedisKeys;
  /** What the breakers of this replica guard: another token is another account. Undefined for what is not shared. */
  readonly fieldOf: (name: BreakerName) => string | undefined;
  /** Milliseconds since whenever; never set back. */
  readonly steadyMs: () => number;
  readonly onError?: (operation: string, error: unknown) => void;
}

export interface RedisPauses extends SharedPauses {
  /** Takes a message of the channel that it publishes to. */
  onMessage(update: PauseUpdate): void;
  /** Reads what is known, for a message may be lost. */
  refresh(): Promise<void>;
}

const SHARED: readonly BreakerName[] = ['account', 'endpoint', 'quota'];
const CODES = Object.values(VERDICTS).map(({ errorCode }) => errorCode);
const stored = z.object({ openedBy: z.enum(CODES), pauseMs: z.number() });
const told = stored.extend({ leftMs: z.number() });

/** Redis keeps a pause with the moment of its end, by its own clock; between processes only what is left of it counts. */
export function createRedisPauses({ link, keys, fieldOf, steadyMs, onError }: RedisPausesOptions): RedisPauses {
  let listener: ((name: BreakerName, pause: Pause | undefined) => void) | undefined;
  /** For a listener that comes later than the message. */
  const heard = new Map<string, { readonly pause: unknown; readonly atMs: number }>();

  function onMessage(field: string, pause: unknown, atMs: number): void {
    heard.set(field, { pause, atMs });
    const name = SHARED.find((each) => fieldOf(each) === field);
    if (name === undefined) return;
    if (pause === null) listener?.(name, undefined);
    const { success, data } = told.safeParse(pause);
    if (success) listener?.(name, { ...data, leftMs: data.leftMs - (steadyMs() - atMs) });
  }

  return {
    tell(name, pause) {
      const field = fieldOf(name);
      if (field === undefined || !SHARED.includes(name)) return;
      const update = JSON.stringify(['pause', field, pause ?? null] satisfies PauseUpdate);
      const kept = pause && JSON.stringify({ openedBy: pause.openedBy, pauseMs: pause.pauseMs });
      link
        .script(
          'kolgwPause',
          [keys.pauses],
          field,
          pause ? Math.round(pause.leftMs) : '',
          kept ?? '',
          keys.updates,
          update,
        )
        .catch((error: unknown) => onError?.('pause', error));
    },
    listen(each) {
      listener = each;
      for (const [field, { pause, atMs }] of heard) onMessage(field, pause, atMs);
    },
    onMessage: ([, field, pause]) => onMessage(field, pause, steadyMs()),
    async refresh() {
      const reply = await link.script('kolgwPauses', [keys.pauses]);
      const [seconds, microseconds, ...fields] = reply as readonly string[];
      const serverNowMs = Number(seconds) * 1000 + Number(microseconds) / 1000;
      for (let index = 0; index < fields.length; index += 2) {
        const [, untilMs, kept] = /^(\d+) (.*)$/s.exec(fields[index + 1] ?? '') ?? [];
        const { success, data } = stored.safeParse(parseJson(kept ?? ''));
        if (success) onMessage(fields[index] ?? '', { ...data, leftMs: Number(untilMs) - serverNowMs }, steadyMs());
      }
    },
  };
}
