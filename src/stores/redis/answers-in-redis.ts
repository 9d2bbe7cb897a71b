import type { AnswerStore, StoredOutcome } from '../../cache/answer-store.ts';
import { failureIsKept } from '../../cache/entry.ts';
import type { LinkIndexOutcome } from '../../domain/link-index.ts';
import { bornAtMsOf } from '../../domain/link-index.ts';
import { packOutcome, unpackOutcome } from '../../domain/packed-outcome.ts';
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
          const unpacked = unpackOutcome(name, texts[index] ?? '', clockOffsetMs());
          if (unpacked === undefined) return [];
          const { outcome, expiresAtMs } = unpacked;
          return [{ cacheKey: cacheKeys[index >> 1] as string, outcome, expiresAtMs }];
        })
        .sort((one, other) => bornAtMsOf(one.outcome) - bornAtMsOf(other.outcome));
    },
    async put({ cacheKey, outcome, expiresAtMs }) {
      if (outcome.kind === 'failure' && !failureIsKept(outcome)) return;
      const key = outcome.kind === 'failure' ? keys.failure(cacheKey) : keys.answer(cacheKey);
      const ttlMs = Math.min(MAX_TTL_MS, Math.max(1, Math.ceil(expiresAtMs - clock())));
      const offsetMs = clockOffsetMs();
      const text = packOutcome({ key, outcome: withoutEndpoint(outcome), expiresAtMs }, offsetMs);
      await link.script('kolgwPut', [key], text, bornAtMsOf(outcome) + offsetMs, ttlMs);
    },
  };
}

/** Which endpoint gave it is in the key already, where that matters. */
function withoutEndpoint(outcome: LinkIndexOutcome): LinkIndexOutcome {
  if (outcome.kind === 'failure') return outcome;
  const { endpoint: _, ...kept } = outcome;
  return kept;
}

function missWhereWrongType(error: Error): null {
  if (error.message.startsWith('WRONGTYPE')) return null;
  throw error;
}
