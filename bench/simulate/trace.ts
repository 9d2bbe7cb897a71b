/** Who asked for which KOL, and when. */
export interface Trace {
  readonly kolCount: number;
  readonly startMs: number;
  /** When each request comes, in milliseconds since the epoch, in order. */
  readonly atMs: Float64Array;
  /** Which KOL it names: 0 is the one that is asked for most. */
  readonly kols: Uint32Array;
}

export interface TraceOptions {
  readonly requestCount: number;
  readonly kolCount: number;
  readonly durationMs: number;
  /** The KOL of rank r is asked for in proportion to r ** -exponent. */
  readonly exponent: number;
  readonly seed: number;
}

/** A UTC midnight, so that a trace of a day is one day in the ledger. */
const START_MS = Date.UTC(2026, 0, 1);

/** Requests at times that are independent of each other, for KOLs whose popularity follows Zipf's law. */
export function createTrace({ requestCount, kolCount, durationMs, exponent, seed }: TraceOptions): Trace {
  const random = createRandom(seed);
  const atMs = Float64Array.from({ length: requestCount }, () => START_MS + Math.floor(random() * durationMs)).sort();
  const upTo = new Float64Array(kolCount);
  let total = 0;
  for (let rank = 1; rank <= kolCount; rank += 1) {
    total += rank ** -exponent;
    upTo[rank - 1] = total;
  }
  const kols = Uint32Array.from({ length: requestCount }, () => firstAbove(upTo, random() * total));
  return { kolCount, startMs: START_MS, atMs, kols };
}

/** Which of so many replicas gets each request, as a load balancer that knows nothing would say. */
export function spreadOver(replicaCount: number, requestCount: number, seed: number): Uint8Array {
  const random = createRandom(seed);
  return Uint8Array.from({ length: requestCount }, () => Math.floor(random() * replicaCount));
}

function firstAbove(sums: Float64Array, wanted: number): number {
  let [low, high] = [0, sums.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sums[middle] as number) > wanted) high = middle;
    else low = middle + 1;
  }
  return low;
}

/**
 * Numbers from 0 to 1, the same for the same seed.
 * @see https://github.com/bryc/code/blob/master/jshash/PRNGs.md#mulberry32 for mulberry32
 */
function createRandom(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
