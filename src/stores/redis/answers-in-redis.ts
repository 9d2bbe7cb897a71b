import type { AnswerStore, StoredOutcome } from '../../cache/write-behind.ts';
import { isStorable, obtainedAtMsOf } from '../../domain/link-index.ts';
import { decodeOutcome, encodeOutcome } from '../../domain/outcome-codec.ts';
import type { RedisKeys } from './keys.ts';
import type { RedisLink } from './link.ts';

export interface RedisAnswerStoreOptions {
  readonly link: RedisLink;
  readonly keys: RedisKeys;
  /** In a Cluster keys are spread over its nodes, and one question is one round trip to each. */
  readonly isCluster: boolean;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  /** By how much the server's clock is ahead of that one, in milliseconds. */
  readonly clockOffsetMs: () => number;
}

/** Expiry bounds Redis' memory and judges nothing; beyond this it makes no difference, in milliseconds. */
const MAX_TTL_MS = 10 * 366 * 86_400_000;

/** Answers in Redis or Valkey, which all replicas share. */
export function createRedisAnswerStore(options: RedisAnswerStoreOptions): AnswerStore {
  const { link, keys, isCluster, clock, clockOffsetMs } = options;

  async function read(names: readonly string[]): Promise<readonly (string | null)[]> {
    if (!isCluster) return link.read((client) => client.mget(...names));
    return Promise.all(names.map((name) => link.read((client) => client.get(name)).catch(missWhereWrongType)));
  }

  return {
    async getMany(cacheKeys) {
      if (cacheKeys.length === 0) return [];
      const names = cacheKeys.flatMap((cacheKey) => [keys.answer(cacheKey), keys.failure(cacheKey)]);
      const texts = await read(names);
      return names
        .flatMap((name, index): StoredOutcome[] => {
          const decoded = decodeOutcome(name, texts[index] ?? '', clockOffsetMs());
          return decoded ? [{ cacheKey: cacheKeys[index >> 1] as string, ...decoded }] : [];
        })
        .sort((one, other) => obtainedAtMsOf(one.outcome) - obtainedAtMsOf(other.outcome));
    },
    async put({ cacheKey, outcome, expiresAtMs }) {
      if (!isStorable(outcome)) return;
      const key = outcome.kind === 'failure' ? keys.failure(cacheKey) : keys.answer(cacheKey);
      const ttlMs = Math.min(MAX_TTL_MS, Math.max(1, Math.ceil(expiresAtMs - clock())));
      const offsetMs = clockOffsetMs();
      const text = encodeOutcome(key, outcome, expiresAtMs, offsetMs);
      await link.script('kolgwPut', [key], text, obtainedAtMsOf(outcome) + offsetMs, ttlMs);
    },
  };
}

function missWhereWrongType(error: Error): null {
  if (error.message.startsWith('WRONGTYPE')) return null;
  throw error;
}
