import { setImmediate as turn } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { answers, type ScriptedUpstream, startScriptedUpstream } from '../support/scripted-upstream.ts';
import { startTestGateway, type TestGateway } from '../support/test-gateway.ts';
import type { Abuse } from './abuse.ts';
import { BODIES } from './bodies.ts';
import { BROWSERS } from './browsers.ts';
import { IDS } from './ids.ts';
import { QUERIES } from './queries.ts';
import { type Received, send } from './send.ts';
import { SOCKETS } from './sockets.ts';

const ABUSES: readonly Abuse[] = [...QUERIES, ...BODIES, ...IDS, ...BROWSERS, ...SOCKETS];
const MAX_STALL_MS = 100;

let upstream: ScriptedUpstream;
/** One for each configuration, for all inputs: what one of them breaks, the next ones meet. */
const gateways = new Map<string, TestGateway>();

beforeAll(async () => {
  upstream = await startScriptedUpstream(answers);
  for (const { env = {} } of ABUSES) {
    const name = JSON.stringify(env);
    if (!gateways.has(name)) gateways.set(name, await startTestGateway({ upstream, env }));
  }
});

afterAll(async () => {
  for (const gateway of gateways.values()) await gateway[Symbol.asyncDispose]();
  await upstream[Symbol.asyncDispose]();
});

test('the table has at least 62 inputs, each with a title of its own', () => {
  expect(ABUSES.length).toBeGreaterThanOrEqual(62);
  expect(new Set(ABUSES.map(({ title }) => title)).size).toBe(ABUSES.length);
});

test.each(ABUSES)('$title: HTTP $status $code', async ({ sent, status, code, env = {} }) => {
  const gateway = gateways.get(JSON.stringify(env)) as TestGateway;
  const loggedBefore = gateway.logText().length;
  const callsBefore = upstream.calls.length;

  const { received, stallMs } = await sendMeasured(gateway.origin, sent);

  expect({ status: received.status, code: received.code }).toEqual({ status, code });
  // Where the rest of a refused request is missing, Node says so too.
  expect(received.statuses.slice(1).filter((further) => further !== 400)).toEqual([]);
  expect(received.text.length).toBeLessThan(received.code === undefined ? Number.POSITIVE_INFINITY : 50_000);
  expect(stallMs).toBeLessThan(MAX_STALL_MS);
  expect(gateway.logText().slice(loggedBefore)).not.toContain('"level":"error"');
  const next = await gateway.post({ query: '{ kol(id: "7") { id } }' });
  expect(await next.json()).toEqual({ data: { kol: { id: '7' } } });
  expect(upstream.calls).toHaveLength(callsBefore);
});

test('after all of them a purchase is one call', async () => {
  for (const gateway of gateways.values()) {
    const callsBefore = upstream.calls.length;
    await gateway.post({ query: '{ kol(id: "__proto__") { linkIndex { star { value } } } }' });
    expect(upstream.calls).toHaveLength(callsBefore + 1);
  }
  expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
});

/**
 * @returns the longest turn of the event loop, which the gateway shares with us, in processor time: what else the machine
 * does meanwhile does not count
 */
async function sendMeasured(
  origin: string,
  sent: Abuse['sent'],
): Promise<{ readonly received: Received; readonly stallMs: number }> {
  let isPending = true;
  const receiving = send(origin, sent).finally(() => {
    isPending = false;
  });
  let [stallMs, lastMs] = [0, threadMs()];
  while (isPending) {
    await turn();
    const nowMs = threadMs();
    stallMs = Math.max(stallMs, nowMs - lastMs);
    lastMs = nowMs;
  }
  return { received: await receiving, stallMs };
}

function threadMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}
