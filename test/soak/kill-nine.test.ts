import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { DatabaseSync } from 'node:sqlite';
import { expect, onTestFinished, test } from 'vitest';
import { systemTimers } from '../../src/domain/time.ts';
import { temporaryStorePath } from '../support/answer-store-contract.ts';
import { createRandom } from '../support/random.ts';
import { answers, type Behaviour, starOf, startScriptedUpstream } from '../support/scripted-upstream.ts';
import { CANARY_TOKEN, type GraphResult } from '../support/test-gateway.ts';

/** `KILLS=50 SEED=… vitest run test/soak/kill-nine.test.ts`; the moments still depend on the machine. */
const KILLS = Number(process.env['KILLS'] ?? 3);
const SEED = Number(process.env['SEED'] ?? Date.now() % 2 ** 32);
const CLIENTS = 8;
const MAX_KOLS = 50;
/** What a process says that had to go on without its store: then it may forget, and this is not its trial. */
const STORE_TROUBLE = 'the store failed';

/** Takes a random while, fails some, and bills whatever it answers, also when nobody is there to hear it. */
function createVendor(random: (below: number) => number) {
  const calls = new Map<string, number>();
  let billedCount = 0;
  const behaviour: Behaviour = (socket, call) => {
    const kolId = call.parameters.get('kolId') ?? '';
    calls.set(kolId, (calls.get(kolId) ?? 0) + 1);
    const isCutOff = random(20) === 0;
    systemTimers.after(random(15), () => {
      billedCount += 1;
      if (isCutOff) socket.destroy();
      else answers(socket, call);
    });
  };
  return { behaviour, callsOf: (kolId: string) => calls.get(kolId) ?? 0, billed: () => billedCount };
}

type Result = GraphResult<{ kols: { id: string; linkIndex: { star: { value: number } } | null }[] }>;

async function startProcess(baseUrl: string, path: string) {
  const { PATH, HOME } = process.env;
  const fixed = { PATH, HOME, PORT: '0', CACHE_STORE: `sqlite:${path}`, JUSTONEAPI_TOKEN: CANARY_TOKEN };
  const child = spawn(process.execPath, ['src/main.ts'], {
    env: { ...fixed, JUSTONEAPI_BASE_URL: baseUrl },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
  const ended = once(child, 'close');
  const refused = ended.then(() => Promise.reject(new Error(output)));
  refused.catch(() => {});
  while (!output.includes('GraphiQL')) await Promise.race([once(child.stdout, 'data'), refused]);
  const url = `http://${/127\.0\.0\.1:\d+\/graphql/.exec(output)?.[0]}`;
  return {
    ended,
    kill: () => void child.kill('SIGKILL'),
    hasStoreTrouble: () => output.includes(STORE_TROUBLE),
    /** The star values that came, by KOL. */
    async ask(ids: readonly string[]): Promise<Map<string, number>> {
      const query = `{ kols(ids: ${JSON.stringify(ids)}) { id linkIndex { star { value } } } }`;
      const headers = { 'content-type': 'application/json' };
      const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify({ query }) });
      const { data } = (await response.json()) as Result;
      return new Map(data?.kols.flatMap(({ id, linkIndex }) => (linkIndex ? [[id, linkIndex.star.value]] : [])));
    },
  };
}

function countedIn(path: string): number {
  const database = new DatabaseSync(path);
  const spent = database.prepare('SELECT total(billed) + total(unknown) AS calls FROM spending').get();
  const open = database.prepare('SELECT count(*) AS calls FROM reservations').get();
  database.close();
  return Number(spent?.['calls']) + Number(open?.['calls']);
}

test(`every answer that was received and every call that was billed outlives ${KILLS} kills`, {
  timeout: 20_000 + KILLS * 10_000,
}, async () => {
  process.stdout.write(`kill -9: SEED=${SEED} KILLS=${KILLS}\n`);
  const random = createRandom(SEED);
  const path = temporaryStorePath();
  const vendor = createVendor(random);
  await using upstream = await startScriptedUpstream(vendor.behaviour);
  /** Every KOL whose answer a client has, with the calls that it had cost by then. */
  const owed = new Map<string, number>();
  let lastId = 0;
  let excused = 0;

  type Gateway = Awaited<ReturnType<typeof startProcess>>;

  /** Asks for a few, some of them new, until the process is dead. */
  async function load(gateway: Gateway, received: Set<string>, onAnswer: () => void): Promise<void> {
    for (;;) {
      const ids = Array.from({ length: 1 + random(4) }, () =>
        String(random(3) === 0 ? 1 + random(lastId + 1) : ++lastId),
      );
      const values = await gateway.ask([...new Set(ids)]).catch(() => undefined);
      if (values === undefined) return;
      for (const [id, value] of values) {
        expect(value).toBe(starOf(id));
        received.add(id);
      }
      onAnswer();
    }
  }

  async function expectOwedForFree(gateway: Gateway): Promise<void> {
    const ids = [...owed.keys()];
    for (let at = 0; at < ids.length; at += MAX_KOLS) {
      const batch = ids.slice(at, at + MAX_KOLS);
      const values = await gateway.ask(batch);
      if (gateway.hasStoreTrouble()) return;
      expect(values).toEqual(new Map(batch.map((id) => [id, starOf(id)])));
    }
    for (const [id, calls] of owed) expect({ id, calls: vendor.callsOf(id) }).toEqual({ id, calls });
  }

  for (let kills = 0, tries = 0; kills < KILLS; tries += 1) {
    expect(tries, 'rounds in which the machine was too slow for its store').toBeLessThan(2 * KILLS);
    const callsBefore = upstream.calls.length;
    const gateway = await startProcess(upstream.baseUrl, path);
    const received = new Set<string>();
    // Half of the kills come the moment an answer has arrived, which is when it must have been stored; half at any time.
    const isAtAnswer = random(2) === 0;
    const many = 1 + random(60);
    const onAnswer = () => {
      if (isAtAnswer && received.size >= many) gateway.kill();
    };
    const clients = Array.from({ length: CLIENTS }, () => load(gateway, received, onAnswer));
    if (!isAtAnswer) {
      await upstream.received(callsBefore + many);
      systemTimers.after(random(20), gateway.kill);
    }
    await gateway.ended;
    await Promise.all(clients);
    const billed = vendor.billed();

    const next = await startProcess(upstream.baseUrl, path);
    if (gateway.hasStoreTrouble()) excused += upstream.calls.length - callsBefore;
    else for (const id of received) owed.set(id, owed.get(id) ?? vendor.callsOf(id));
    await expectOwedForFree(next);
    expect(countedIn(path) + excused).toBeGreaterThanOrEqual(billed);
    if (!gateway.hasStoreTrouble() && !next.hasStoreTrouble()) kills += 1;
    next.kill();
    await next.ended;
  }
  process.stdout.write(`kill -9: ${owed.size} answers kept, ${vendor.billed()} billed, ${countedIn(path)} counted\n`);
  expect(owed.size).toBeGreaterThan(0);
});
