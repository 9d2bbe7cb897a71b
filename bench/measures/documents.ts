import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Agent, request } from 'undici';
import { CLIENT_KEY } from '../machine/client-key.ts';
import { SERVER_CORE } from '../machine/pinned-process.ts';
import { startServer } from '../machine/started-server.ts';
import { openSurroundings } from '../machine/surroundings.ts';
import { gatewayCommand } from '../peers/peers.ts';
import { fillKols } from '../workloads/fill-kols.ts';
import { kolId } from '../workloads/kol-ids.ts';

/**
 * What documents that a client makes up can do to the memory of the process: `--seconds` (40) of each load, or `--requests` of
 * it on a machine that is busy, none of which buys anything. Each load has a gateway of its own; `--only NAME` runs one.
 * Exit code 1 above 500 MiB.
 */
const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '40' },
    requests: { type: 'string' },
    only: { type: 'string' },
  },
});
const MIB = 2 ** 20;
const MOST_BYTES = 500 * MIB;
const KNOWN_KOLS = 10_000;
const CONNECTIONS = 16;
const SAMPLE_MS = 250;
const agent = new Agent({ connections: CONNECTIONS });
const say = (text: string) => void process.stdout.write(`${text}\n`);

interface Body {
  readonly query: string;
  readonly variables?: object;
  readonly operationName?: string;
}

const INDICES = ['cooperate', 'cp', 'convert', 'shopping', 'spread', 'star'];
const SHARED_FRAGMENT = sharedFragmentDocument();

/** The n-th request of a load. */
const LOADS: Readonly<Record<string, (n: number) => Body>> = {
  'operations that share a fragment, in the 16 ways of four switches': sharedFragment,
  'invalid documents of 10 characters': (n) => ({ query: `{${nameOf(n)}}` }),
  'documents that end too early': (n) => ({ query: `{${nameOf(n)}` }),
  'documents with a hundred unknown fields': (n) => ({ query: `{${times(100, (each) => nameOf(100 * n + each))}}` }),
  'valid documents, each once': (n) => ({ query: `{${nameOf(n)}:kol(id:"1"){id}}` }),
  'comments, each a token': (n) => ({ query: `{kol(id:"1"){id}} #${n}${'\n#'.repeat(20_000)}` }),
  'plans of which each reads a KOL of its own': (n) => ({
    query: kolOf(n),
    variables: { id: kolId((n % KNOWN_KOLS) + 1) },
  }),
  'long requests, each three times': (n) => ({
    query: `{kol(id:"${kolId(1)}"){id linkIndex{fetchedAt}}} #${Math.floor(n / 3)}${'-'.repeat(1000)}`,
  }),
};

/** A document of 10 kB, but for its number. */
function sharedFragmentDocument(): string {
  const scores = INDICES.map((name) => `${name}{value avgValue linkRelativeRatio rank rankPercent}`);
  const indexes = `linkIndex @skip(if:$a){${scores}}`;
  const fields = `id ${indexes} again:${indexes} x:id @skip(if:$b) y:id @skip(if:$c) z:id @skip(if:$d)`;
  const declared = '$a:Boolean!$b:Boolean!$c:Boolean!$d:Boolean!';
  const operations = times(120, (each) => `query O${each}(${declared}){kol(id:"${kolId(1)}"){...F}}`);
  return `fragment F on Kol{${fields}} ${operations}`;
}

function sharedFragment(n: number): Body {
  const [way, operation, document] = [n % 16, Math.floor(n / 16) % 120, Math.floor(n / 16 / 120)];
  return {
    query: `${SHARED_FRAGMENT} #${document}`,
    operationName: `O${operation}`,
    variables: { a: (way & 1) > 0, b: (way & 2) > 0, c: (way & 4) > 0, d: (way & 8) > 0 },
  };
}

/** Every score under a name of its own. */
function kolOf(n: number): string {
  const index = (name: string) => `${name}{${nameOf(n)}a:value ${nameOf(n)}b:rank}`;
  return `query($id:ID!){kol(id:$id){linkIndex{${INDICES.map(index)}}}}`;
}

function nameOf(n: number): string {
  return `n${String(n).padStart(7, '0')}`;
}

function times(count: number, text: (each: number) => string): string {
  return Array.from({ length: count }, (_, each) => text(each)).join(' ');
}

for (const [name, body] of Object.entries(LOADS)) {
  if (values.only !== undefined && !name.includes(values.only)) continue;
  const { before, most, after, requests } = await measure(body);
  const mib = (bytes: number) => `${(bytes / MIB).toFixed(0)} MiB`;
  say(
    `${name}: ${mib(before)} before, ${mib(most)} at most, ${mib(after)} after ${requests.toLocaleString('en-US')} requests`,
  );
  if (most > MOST_BYTES) process.exitCode = 1;
}

async function measure(bodyOf: (n: number) => Body) {
  await using surroundings = await openSurroundings();
  const command = { name: 'gateway', ...gatewayCommand(surroundings) };
  await using gateway = await startServer(SERVER_CORE, command, surroundings.folder);
  await fillKols(gateway.origin, KNOWN_KOLS);
  const before = gateway.residentBytes();
  let most = before;
  let requests = 0;
  const untilMs = Date.now() + Number(values.seconds) * 1000;
  const isOver = () => (values.requests === undefined ? Date.now() >= untilMs : requests >= Number(values.requests));
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${CLIENT_KEY}` };
  const sendInTurn = async () => {
    while (!isOver()) {
      const sent = JSON.stringify(bodyOf(requests));
      requests += 1;
      const { body } = await request(`${gateway.origin}/graphql`, {
        dispatcher: agent,
        method: 'POST',
        headers,
        body: sent,
      });
      await body.dump();
    }
  };
  const sample = async () => {
    while (!isOver()) {
      await delay(SAMPLE_MS);
      most = Math.max(most, gateway.residentBytes());
    }
  };
  await Promise.all([sample(), ...Array.from({ length: CONNECTIONS }, sendInTurn)]);
  return { before, most, after: gateway.residentBytes(), requests };
}
