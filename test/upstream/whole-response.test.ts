import { once } from 'node:events';
import type { Socket } from 'node:net';
import { buildConnector, Client } from 'undici';
import { expect, onTestFinished, test } from 'vitest';
import { receiveWhole } from '../../src/upstream/whole-response.ts';
import { replies, startScriptedUpstream } from '../support/scripted-upstream.ts';

const PASSED_MS = 1;
const AMPLE_MS = 60_000;
const CAPPED = { maxBodyBytes: 1024 };
const REQUEST = { path: '/', method: 'GET' } as const;
const timers = () => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;

function openClient(origin: string, connect?: buildConnector.connector): Client {
  const client = new Client(origin, { pipelining: 0, ...(connect && { connect }) });
  onTestFinished(() => client.destroy());
  return client;
}

test('a call whose deadline passes before its connection is there is never sent', async () => {
  await using upstream = await startScriptedUpstream(replies(200, 'paid for'));
  const connect = buildConnector({});
  const held = Promise.withResolvers<void>();
  const client = openClient(upstream.baseUrl, (options, callback) =>
    connect(options, (...connected) => void held.promise.then(() => callback(...connected))),
  );
  let isSent = false;
  const onSending = () => {
    isSent = true;
  };
  const received = receiveWhole(client, REQUEST, { deadlineMs: PASSED_MS, ...CAPPED, onSending });
  await expect(received).rejects.toMatchObject({ name: 'TimeoutError' });
  held.resolve();
  // What is sent next over the same client would come behind it.
  const next = await receiveWhole(
    client,
    { ...REQUEST, path: '/next' },
    { deadlineMs: AMPLE_MS, ...CAPPED, onSending: () => {} },
  );
  expect(next.httpStatus).toBe(200);
  expect(upstream.calls.map(({ path }) => path)).toEqual(['/next']);
  expect(isSent).toBe(false);
});

test('a call whose deadline passes lets go of its connection', async () => {
  const arrived = Promise.withResolvers<Socket>();
  await using upstream = await startScriptedUpstream((socket) => arrived.resolve(socket));
  const onSending = () => {};
  const received = receiveWhole(openClient(upstream.baseUrl), REQUEST, { deadlineMs: 200, ...CAPPED, onSending });
  const closed = arrived.promise.then((socket) => once(socket, 'close'));
  await expect(received).rejects.toMatchObject({ name: 'TimeoutError' });
  await closed;
});

test('a call that has ended leaves no timer behind', async () => {
  await using upstream = await startScriptedUpstream(replies(200, ''));
  const client = openClient(upstream.baseUrl);
  const before = timers();
  const receive = () => receiveWhole(client, REQUEST, { deadlineMs: AMPLE_MS, ...CAPPED, onSending: () => {} });
  for (let call = 0; call < 5; call += 1) await receive();
  expect(timers() - before).toBeLessThan(5);
});
