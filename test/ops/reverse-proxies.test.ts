import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { Agent, createServer, type IncomingMessage, request as sendRequest } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { describe, expect, test } from 'vitest';
import { parseConfig } from '../../src/config/config.ts';
import { answers, held, starOf } from '../support/scripted-upstream.ts';
import { startTestGateway } from '../support/test-gateway.ts';
import { startUpstreamByKol } from '../support/upstream-by-kol.ts';
import { expectsProxy, type ProxyName, type ProxyProcess, startProxy } from './proxy-processes.ts';

const MANUAL = readFileSync(join(import.meta.dirname, '../../docs/operations.md'), 'utf8');
const STAR_OF = '{ kol(id: "7") { linkIndex { star { value } } } }';
const STAR_OF_7 = { data: { kol: { linkIndex: { star: { value: starOf('7') } } } } };
const DEFERRED = '{ kols(ids: ["a", "slow"]) { id ... @defer { linkIndex { star { value } } } } }';

const isExpected = { nginx: expectsProxy('nginx'), haproxy: expectsProxy('haproxy') };

/** The manual's block for it. */
function blockFor(name: ProxyName): string {
  const [block, ...more] = [...MANUAL.matchAll(/^```(\w+)\n(.*?)^```$/gms)].filter(([, kind]) => kind === name);
  if (block?.[2] === undefined || more.length > 0) throw new Error(`expected one block for ${name} in the manual`);
  return block[2];
}

/** Puts something of the test's in the place of what the manual says, which must be there. */
function replaceIn(block: string, from: string, to: string): string {
  expect(block).toContain(from);
  return block.replace(from, to);
}

function startInFront(name: ProxyName, origins: readonly string[], edit = (block: string) => block) {
  const servers = origins.map((origin, index) =>
    name === 'nginx' ? `server ${new URL(origin).host};` : `server gateway${index + 1} ${new URL(origin).host} check`,
  );
  const given = name === 'nginx' ? 'server 127.0.0.1:4000;' : 'server gateway1 127.0.0.1:4000 check';
  const block = replaceIn(edit(blockFor(name)), given, servers.join('\n'));
  const listening = name === 'nginx' ? replaceIn(block, 'listen 80;', 'listen LISTEN;') : block;
  return startProxy(name, name === 'nginx' ? listening : replaceIn(block, 'bind :80 ', 'bind LISTEN '));
}

/** A POST as `fetch` cannot send it, for it sets Host itself. */
async function post({ port }: ProxyProcess, query: string, headers: Record<string, string> = {}, path = '/graphql') {
  const outgoing = sendRequest({
    port,
    path,
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
  });
  outgoing.end(JSON.stringify({ query }));
  const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
  return {
    status: response.statusCode,
    body: (await json(response)) as { errors?: { extensions: { code: string } }[] },
  };
}

describe.each(['nginx', 'haproxy'] as const)('behind %s, as the manual configures it,', (name) => {
  const isSkipped = !isExpected[name];

  test.skipIf(isSkipped)('a query is answered at the root and below the sub-path, and bought once', async () => {
    await using upstream = await startUpstreamByKol({});
    await using gateway = await startTestGateway({ upstream });
    const proxy = await startInFront(name, [gateway.origin]);

    expect(await post(proxy, STAR_OF)).toEqual({ status: 200, body: STAR_OF_7 });
    expect(await post(proxy, STAR_OF, {}, '/kol/graphql')).toEqual({ status: 200, body: STAR_OF_7 });
    const page = await fetch(`${proxy.origin}/kol`, { headers: { accept: 'text/html' } });
    expect([page.status, page.url]).toEqual([200, `${proxy.origin}/kol/`]);
    expect(upstream.calls).toHaveLength(1);
  });

  test.skipIf(isSkipped)('the parts of an answer arrive as they come', async () => {
    await using upstream = await startUpstreamByKol({ slow: [held(answers)] });
    await using gateway = await startTestGateway({ upstream });
    const proxy = await startInFront(name, [gateway.origin]);

    const response = await fetch(`${proxy.origin}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'multipart/mixed' },
      body: JSON.stringify({ query: DEFERRED }),
    });
    let text = '';
    for await (const part of response.body ?? []) {
      text += Buffer.from(part).toString();
      // Only what has arrived before lets the upstream give the rest.
      if (text.includes(String(starOf('a')))) upstream.release();
    }
    expect(text).toContain(String(starOf('slow')));
    expect(upstream.calls).toHaveLength(2);
  });

  test.skipIf(isSkipped)(
    "a request of the page's own is let in on any port, one of another origin is not",
    async () => {
      await using upstream = await startUpstreamByKol({});
      await using gateway = await startTestGateway({ upstream });
      const proxy = await startInFront(name, [gateway.origin]);
      const host = `kol.localhost:${proxy.port}`;

      const own = { host, origin: `http://${host}`, 'sec-fetch-site': 'same-origin' };
      expect(await post(proxy, STAR_OF, own)).toEqual({ status: 200, body: STAR_OF_7 });
      const foreign = await post(proxy, STAR_OF, {
        ...own,
        origin: 'http://other.example',
        'sec-fetch-site': 'cross-site',
      });
      expect([foreign.status, foreign.body.errors?.[0]?.extensions.code]).toEqual([403, 'FORBIDDEN']);
    },
  );

  test.skipIf(isSkipped)('a gateway on loopback knows its public name from CORS_ORIGINS', async () => {
    await using gateway = await startTestGateway({ env: { CORS_ORIGINS: 'https://kol.example' } });
    await using unaware = await startTestGateway();
    const visit = { host: 'kol.example', origin: 'https://kol.example' };

    expect(await post(await startInFront(name, [gateway.origin]), '{ __typename }', visit)).toMatchObject({
      status: 200,
    });
    expect(await post(await startInFront(name, [unaware.origin]), '{ __typename }', visit)).toMatchObject({
      status: 403,
    });
  });

  test.skipIf(isSkipped)('a request that was cut off goes to no second gateway', async () => {
    await using first = await startFakeGateway('cut');
    await using second = await startFakeGateway('cut');
    const proxy = await startInFront(name, [first.origin, second.origin]);

    const response = await fetch(`${proxy.origin}/graphql?query={__typename}`);
    expect(response.status).toBe(502);
    expect(first.graphqlRequests.length + second.graphqlRequests.length).toBe(1);
  });

  test.skipIf(isSkipped)('connections to the gateway are reused', async () => {
    await using gateway = await startFakeGateway('answer');
    const proxy = await startInFront(name, [gateway.origin]);
    using connection = closing(new Agent({ keepAlive: true, maxSockets: 1 }));

    for (const path of ['/graphql?1', '/graphql?2', '/graphql?3']) {
      const [response] = (await once(
        sendRequest({ port: proxy.port, path, agent: connection.agent }).end(),
        'response',
      )) as [IncomingMessage];
      response.resume();
      await once(response, 'end');
    }
    expect(gateway.graphqlRequests).toHaveLength(3);
    expect(new Set(gateway.graphqlRequests).size).toBe(1);
  });

  test('it waits longer than the gateway does', () => {
    const pattern = name === 'nginx' ? /^ +proxy_read_timeout (\d+)s;/m : /^ +timeout server (\d+)s\b/m;
    const seconds = Number(pattern.exec(blockFor(name))?.[1]);
    expect(seconds * 1000).toBeGreaterThan(parseConfig({}).server.requestWaitMs);
  });
});

test.skipIf(!isExpected.nginx)('nginx without the line for Host is refused what a browser asks', async () => {
  await using gateway = await startTestGateway();
  const withoutHost = (block: string) => replaceIn(block, 'proxy_set_header Host $http_host;', '');
  const proxy = await startInFront('nginx', [gateway.origin], withoutHost);
  const refused = await post(proxy, '{ __typename }', { origin: proxy.origin, 'sec-fetch-site': 'same-origin' });
  expect([refused.status, refused.body.errors?.[0]?.extensions.code]).toEqual([403, 'FORBIDDEN']);
  expect(JSON.stringify(refused.body)).toContain(
    JSON.stringify(`Origin "${proxy.origin}", Host "kol_gateway".`).slice(1, -1),
  );
});

test.skipIf(!isExpected.haproxy)("HAProxy's health check finds the gateway up", async () => {
  await using gateway = await startTestGateway();
  const proxy = await startInFront('haproxy', [gateway.origin]);
  await expect
    .poll(() => stateOf(proxy, 'gateway1'))
    .toEqual({ status: 'UP', check_status: 'L7OK', check_code: '200' });
});

async function stateOf(proxy: ProxyProcess, server: string): Promise<Record<string, string | undefined>> {
  const [names = [], ...rows] = (await proxy.stats()).split('\n').map((line) => line.replace('# ', '').split(','));
  const row = rows.find((cells) => cells[names.indexOf('svname')] === server);
  return Object.fromEntries(
    ['status', 'check_status', 'check_code'].map((column) => [column, row?.[names.indexOf(column)]]),
  );
}

/** A server in place of the gateway, to see what the proxy does with its connections. */
async function startFakeGateway(does: 'answer' | 'cut') {
  /** The connection that each request for GraphQL came by. */
  const graphqlRequests: Socket[] = [];
  const server = createServer(({ url, socket }, response) => {
    const isGraphql = url?.startsWith('/graphql') ?? false;
    if (isGraphql) graphqlRequests.push(socket);
    if (isGraphql && does === 'cut') socket.destroy();
    else response.end('{}');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    graphqlRequests,
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

function closing(agent: Agent) {
  return { agent, [Symbol.dispose]: () => agent.destroy() };
}
