import { SERVER_CORE } from '../machine/pinned-process.ts';
import { type StartedServer, startServer } from '../machine/started-server.ts';
import type { Peer, Peers, Surroundings } from '../peers/peers.ts';
import { check, fill } from '../workloads/ask.ts';
import { WORKLOADS, type WorkloadName } from '../workloads/workloads.ts';
import { median } from './median.ts';
import { type LoadOptions, type LoadResult, runLoad } from './run-load.ts';
import { upstreamCalls } from './upstream-calls.ts';

export interface CompareOptions {
  readonly rounds: number;
  readonly seconds: number;
  readonly warmUpSeconds: number;
  readonly connections: number;
}

/** What one server did with one workload: medians over the rounds. */
export interface Result {
  readonly requestsPerSecond: number;
  /** As a fraction of the base's in the same round; undefined when that was not run. */
  readonly ofBase: number | undefined;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Of the processor, all threads together: says more than the rate on a machine that does other work as well. */
  readonly processorUs: number;
  readonly upstreamCallsPerRequest: number;
  /** At the end. */
  readonly residentBytes: number;
}

interface Contender {
  readonly peer: Peer;
  readonly server: StartedServer;
  readonly leastBytes: number;
  readonly turns: (LoadResult & { readonly processorMs: number; readonly upstreamCalls: number })[];
}

/**
 * Every server in a new process; then in each round every server once, another one first each time.
 * @param base the one that the others are fractions of
 */
export async function compareWorkload(
  name: WorkloadName,
  peers: Peers,
  base: string,
  options: CompareOptions,
  surroundings: Surroundings,
): Promise<Map<string, Result>> {
  const workload = WORKLOADS[name];
  await using stack = new AsyncDisposableStack();
  const contenders = new Map<string, Contender>();
  const load = (leastBytes: number, seconds: number): LoadOptions => ({ ...options, leastBytes, seconds });

  for (const [peerName, peer] of Object.entries(peers)) {
    if (peer.workloads && !peer.workloads.includes(name)) continue;
    const command = { name: peerName, ...peer.command(name, surroundings) };
    const server = stack.use(await startServer(SERVER_CORE, command, surroundings.folder));
    await fill(server.origin, workload);
    const leastBytes = await check(server.origin, workload, peer.isCanned);
    await runLoad(server.origin, workload, load(leastBytes, options.warmUpSeconds));
    contenders.set(peerName, { peer, server, leastBytes, turns: [] });
  }

  for (let round = 0; round < options.rounds; round += 1) {
    for (const { server, leastBytes, turns } of rotated([...contenders.values()], round)) {
      const callsBefore = await upstreamCalls(surroundings.upstream);
      const processorBeforeMs = server.processorMs();
      const result = await runLoad(server.origin, workload, load(leastBytes, options.seconds));
      turns.push({
        ...result,
        processorMs: server.processorMs() - processorBeforeMs,
        upstreamCalls: (await upstreamCalls(surroundings.upstream)) - callsBefore,
      });
    }
  }

  for (const { peer, server } of contenders.values()) await check(server.origin, workload, peer.isCanned);
  const baseTurns = contenders.get(base)?.turns;
  return new Map([...contenders].map(([peerName, contender]) => [peerName, resultOf(contender, baseTurns)]));
}

function resultOf({ server, turns }: Contender, base: Contender['turns'] | undefined): Result {
  const rate = (round: number) => base?.[round]?.requestsPerSecond ?? Number.NaN;
  return {
    requestsPerSecond: median(turns.map((turn) => turn.requestsPerSecond)),
    ofBase: base && median(turns.map((turn, round) => turn.requestsPerSecond / rate(round))),
    p50Ms: median(turns.map((turn) => turn.p50Ms)),
    p99Ms: median(turns.map((turn) => turn.p99Ms)),
    processorUs: median(turns.map((turn) => (turn.processorMs * 1000) / turn.requests)),
    upstreamCallsPerRequest: median(turns.map((turn) => turn.upstreamCalls / turn.requests)),
    residentBytes: server.residentBytes(),
  };
}

function rotated<Item>(items: readonly Item[], by: number): Item[] {
  const start = by % items.length;
  return [...items.slice(start), ...items.slice(0, start)];
}
