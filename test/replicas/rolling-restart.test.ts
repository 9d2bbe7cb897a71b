import { setTimeout as elapsed } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { describeWithRedis, startRedis } from '../support/redis-server.ts';
import { type Read, type Replica, startReplica } from '../support/replicas.ts';
import { answers, type Behaviour, starOf, startScriptedUpstream } from '../support/scripted-upstream.ts';
import { callsById } from './calls-by-id.ts';

const CLIENTS = 6;
/** A purchase takes so long, so that some are under way whenever a process is told to end. */
const PURCHASE_MS = 30;
/** So many requests between one restart and the next. */
const REQUESTS_BETWEEN = 200;
/** A reader who asks again later; the purchase goes on without anybody who waits for it. */
const HASTY = { prefer: 'wait=0' };

const slowly: Behaviour = (socket, call) => void elapsed(PURCHASE_MS).then(() => answers(socket, call));

describeWithRedis('a rolling restart', () => {
  test('under load fails no request and buys nothing twice', async () => {
    await using redis = await startRedis();
    await using upstream = await startScriptedUpstream(slowly);
    const options = { upstream, store: redis.url };
    const start = async (): Promise<Replica> => {
      const replica = await startReplica(options);
      await expect.poll(() => replica.readyz()).toBe(200);
      return replica;
    };
    /** Who gets requests, as a load balancer knows it, and how many are under way there. */
    const inService = (await Promise.all([start(), start(), start()])).map((replica) => ({ replica, open: 0 }));
    const failed: { id: string; read: Read | Error }[] = [];
    let requests = 0;
    let lastId = 0;
    let isOver = false;

    async function ask(id: string, headers: Readonly<Record<string, string>>): Promise<Read | Error> {
      const place = inService[requests % inService.length] as (typeof inService)[number];
      place.open += 1;
      try {
        return await place.replica.read(id, { headers });
      } catch (error) {
        return error as Error;
      } finally {
        place.open -= 1;
      }
    }

    /** Every third request is for a new KOL; others ask for it at the same time, and some do not wait for their answer. */
    async function client(): Promise<void> {
      while (!isOver) {
        requests += 1;
        const id = requests % 3 === 0 ? `new-${++lastId}` : `new-${Math.max(1, lastId - (requests % 20))}`;
        const isHasty = requests % 4 === 0;
        const read = await ask(id, isHasty ? HASTY : {});
        const isPending = isHasty && !(read instanceof Error) && read.code === 'UPSTREAM_PENDING';
        if (!isPending && (read instanceof Error || read.value !== starOf(id))) failed.push({ id, read });
      }
    }

    const clients = Array.from({ length: CLIENTS }, client);
    for (const old of [...inService]) {
      const requestsBefore = requests;
      await expect.poll(() => requests - requestsBefore).toBeGreaterThan(REQUESTS_BETWEEN);
      inService.splice(inService.indexOf(old), 1);
      // What a load balancer has sent is answered before the process is told to end; what nobody waits for goes on.
      await expect.poll(() => old.open, { interval: 1 }).toBe(0);
      const [exitCode, replica] = await Promise.all([old.replica.stop(), start()]);
      expect(exitCode).toBe(0);
      inService.push({ replica, open: 0 });
    }
    isOver = true;
    await Promise.all(clients);

    expect(failed).toEqual([]);
    expect([...callsById(upstream)].filter(([, calls]) => calls !== 1)).toEqual([]);
    expect(upstream.calls.length).toBeGreaterThan(REQUESTS_BETWEEN);
  });
});
