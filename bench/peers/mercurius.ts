import { fastify } from 'fastify';
import mercurius from 'mercurius';
import mercuriusCache from 'mercurius-cache';
import { rememberedOrBought } from './remembered-loader.ts';
import { TYPE_DEFS } from './schema.ts';
import { FRESH_MS, MAX_ENTRIES } from './vendor.ts';

/** Mercurius, compiling from the second run of a query on, and an LRU. `MERCURIUS_CACHE` puts its cache on the queries. */
interface KolId {
  readonly id: string;
}

interface KolIds {
  readonly ids: readonly string[];
}

/** Its cache keeps what a resolver of a query gives, so that has to be whole. */
const toWholeKol = async (id: string) => ({ id, linkIndex: await rememberedOrBought(id) });

const isCached = process.env['MERCURIUS_CACHE'] !== undefined;

const app = fastify();
await app.register(mercurius, {
  schema: TYPE_DEFS,
  jit: 1,
  resolvers: isCached
    ? {
        Query: {
          kol: (_: unknown, { id }: KolId) => toWholeKol(id),
          kols: (_: unknown, { ids }: KolIds) => Promise.all(ids.map(toWholeKol)),
        },
      }
    : {
        Query: {
          kol: (_: unknown, { id }: KolId) => ({ id }),
          kols: (_: unknown, { ids }: KolIds) => ids.map((id) => ({ id })),
        },
        Kol: { linkIndex: ({ id }: KolId) => rememberedOrBought(id) },
      },
});
if (isCached) {
  await app.register(mercuriusCache.default, {
    ttl: FRESH_MS / 1000,
    storage: { type: 'memory', options: { size: MAX_ENTRIES } },
    policy: { Query: { kol: true, kols: true } },
  });
}
await app.listen({ port: Number(process.env['PORT']), host: '127.0.0.1' });
