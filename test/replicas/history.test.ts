import { setTimeout as elapsed } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { type FaultProxy, startFaultProxy } from '../support/fault-proxy.ts';
import { createRandom } from '../support/random.ts';
import { describeWithRedis, startRedis } from '../support/redis-server.ts';
import { type Replica, startReplica, storeErrors } from '../support/replicas.ts';
import { answers, type Behaviour, starOf, startScriptedUpstream } from '../support/scripted-upstream.ts';
import { createHistory } from './history.ts';

/** `HISTORY_SECONDS=60 SEED=… vitest run …`; the moments still depend on the machine. */
const HISTORY_SECONDS = Number(process.env['HISTORY_SECONDS'] ?? 60);
const SEED = Number(process.env['SEED'] ?? Date.now() % 2 ** 32);
const REPLICAS = 3;
const READERS = 6;
const ENV = { UPSTREAM_TIMEOUT_SECONDS: '2' };
/** Time for a reader between two questions: the processes are to be met by faults and not by a want of cores. */
const THINKING_MS = 20;
const WATCH_MS = 250;
const RECOVERY = { interval: 200 };

/** A replica and its own way to Redis. A kill replaces the process and leaves the way. */
interface Place {
  readonly proxy: FaultProxy;
  replica: Replica;
}

describeWithRedis('a history of random faults', () => {
  test('holds no answer of another key, and no second purchase of what was known to all', async () => {
    process.stdout.write(`history: SEED=${SEED} HISTORY_SECONDS=${HISTORY_SECONDS}\n`);
    const random = createRandom(SEED);
    const history = createHistory();
    const vendor: Behaviour = (socket, call) => {
      history.buy(call.parameters.get('kolId') ?? '');
      void elapsed(random(60)).then(() => answers(socket, call));
    };
    await using stack = new AsyncDisposableStack();
    const redis = stack.use(await startRedis());
    const upstream = stack.use(await startScriptedUpstream(vendor));
    const places = await Promise.all(Array.from({ length: REPLICAS }, openPlace));
    const deadline = AbortSignal.timeout(HISTORY_SECONDS * 1000);
    let lastId = 0;

    async function openPlace(): Promise<Place> {
      const proxy = stack.use(await startFaultProxy(redis.port));
      const place = { proxy, replica: await startReplica({ upstream, store: proxy.url, env: ENV }) };
      stack.defer(() => place.replica.kill());
      return place;
    }

    async function read(id: string): Promise<void> {
      const askedAtMs = performance.now();
      const { value } =
        (await pickPlace()
          .replica.read(id)
          .catch(() => undefined)) ?? {};
      if (value !== undefined) history.receive({ id, value, askedAtMs, receivedAtMs: performance.now() });
    }

    async function reader(): Promise<void> {
      while (!deadline.aborted) {
        await read(`id-${random(4) === 0 ? ++lastId : 1 + random(lastId + 1)}`);
        await elapsed(random(THINKING_MS));
      }
    }

    const pickPlace = () => places[random(places.length)] as Place;

    /** Something happens to one replica for a while. What takes Redis from it is a trouble, and a kill is none. */
    const faults: readonly ((place: Place) => Promise<string>)[] = [
      async (place) => {
        await place.replica.kill();
        place.replica = await startReplica({ upstream, store: place.proxy.url, env: ENV });
        return 'kill';
      },
      // A process that sleeps may find, on waking, that Redis has not answered in time.
      async ({ replica }) => {
        await during('pause', 500 + random(2500), replica.pause, replica.resume);
        return 'pause';
      },
      async ({ proxy }) => {
        await during('cut', random(2000), proxy.cut, proxy.heal);
        return 'cut';
      },
      async ({ proxy }) => {
        await during('partition', 500 + random(3000), proxy.blackhole, proxy.heal);
        return 'partition';
      },
    ];

    async function during(name: string, ms: number, begin: () => void, end: () => void): Promise<void> {
      const isOver = history.trouble(name);
      begin();
      await elapsed(ms);
      end();
      isOver();
    }

    /** A replica that found Redis too slow counts it, and may then buy what others have. */
    async function watchErrors(place: Place): Promise<void> {
      const counts = new Map<Replica, number>();
      for (let fromMs = performance.now(); !deadline.aborted; ) {
        const { replica } = place;
        const untilMs = performance.now();
        const count = await storeErrors(replica).catch(() => Number.POSITIVE_INFINITY);
        if (count > (counts.get(replica) ?? 0)) history.note('store error', fromMs, performance.now());
        counts.set(replica, count);
        fromMs = untilMs;
        await elapsed(WATCH_MS);
      }
    }

    async function nemesis(): Promise<Record<string, number>> {
      const counts: Record<string, number> = {};
      while (!deadline.aborted) {
        await elapsed(2000 + random(4000));
        const name = await faults[random(faults.length)]?.(pickPlace());
        counts[name ?? ''] = (counts[name ?? ''] ?? 0) + 1;
      }
      return counts;
    }

    const readers = Array.from({ length: READERS }, reader);
    const [counts] = await Promise.all([nemesis(), ...readers, ...places.map(watchErrors)]);

    const owed = history.owed();
    const repeated = history.repeated();
    process.stdout.write(
      `history: ${history.received.length} reads, ${upstream.calls.length} purchases, ${repeated.length} repeated, ` +
        `${owed.size} of ${lastId} answers owed; faults: ${JSON.stringify({ ...counts, ...history.noted() })}\n`,
    );
    expect(history.foreign()).toEqual([]);
    expect(history.unexcused()).toEqual([]);
    expect(owed.size).toBeGreaterThan(0);

    // Whatever happened since, each of them is there for everybody, and costs nothing again.
    const callsBefore = upstream.calls.length;
    for (const { replica } of places) {
      for (const id of owed) {
        const withoutBuying = async () => (await replica.read(id, { headers: { prefer: 'dry-run' } })).value;
        await expect.poll(withoutBuying, RECOVERY).toBe(starOf(id));
      }
    }
    expect(upstream.calls).toHaveLength(callsBefore);
  });
});
