import { parseArgs } from 'node:util';
import { PEERS, type Peers } from '../peers/peers.ts';
import { WORKLOAD_NAMES, type WorkloadName } from '../workloads/workloads.ts';
import type { CompareOptions } from './compare-workload.ts';

export interface Options extends CompareOptions {
  readonly peers: Peers;
  readonly workloads: readonly WorkloadName[];
  /** Whether the tables and the plot go into docs/. */
  readonly isWritten: boolean;
  /** Whether they are those of the last full run. */
  readonly isRenderOnly: boolean;
}

const FULL = { rounds: 5, seconds: 5, warmUpSeconds: 3 };
/** Five minutes for everything. */
const QUICK = { rounds: 3, seconds: 1, warmUpSeconds: 1 };
const CONNECTIONS = 32;

/** @throws with what was expected */
export function parseOptions(args: string[]): Options {
  const { values } = parseArgs({
    args,
    options: {
      render: { type: 'boolean', default: false },
      quick: { type: 'boolean', default: false },
      only: { type: 'string' },
      workloads: { type: 'string' },
      rounds: { type: 'string' },
      seconds: { type: 'string' },
      connections: { type: 'string' },
    },
  });
  const times = values.quick ? QUICK : FULL;
  const peerNames = chosen('only', values.only, Object.keys(PEERS));
  return {
    rounds: count('rounds', values.rounds, times.rounds),
    seconds: count('seconds', values.seconds, times.seconds),
    warmUpSeconds: times.warmUpSeconds,
    connections: count('connections', values.connections, CONNECTIONS),
    peers: Object.fromEntries(Object.entries(PEERS).filter(([name]) => peerNames.includes(name))),
    workloads: chosen('workloads', values.workloads, WORKLOAD_NAMES),
    isRenderOnly: values.render,
    isWritten: !values.quick && values.only === undefined && values.workloads === undefined,
  };
}

function chosen<Name extends string>(option: string, text: string | undefined, names: readonly Name[]): Name[] {
  const wanted = text?.split(',') ?? names;
  const unknown = wanted.find((name) => !names.includes(name as Name));
  if (unknown !== undefined) throw new Error(`--${option}: expected some of ${names.join(',')}, got ${unknown}`);
  return names.filter((name) => wanted.includes(name));
}

function count(option: string, text: string | undefined, otherwise: number): number {
  const number = text === undefined ? otherwise : Number(text);
  if (!Number.isInteger(number) || number < 1) throw new Error(`--${option}: expected a count from 1, got ${text}`);
  return number;
}
