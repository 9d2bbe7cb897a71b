import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { type Block, balance, runBlock } from './block.ts';
import { optimumOf } from './optimum.ts';
import { plotRatios } from './plot.ts';
import { simulate } from './simulation.ts';
import { blockText, countText, durationText } from './text.ts';
import { createTrace, type Trace } from './trace.ts';

/**
 * What replicas of each kind buy for one day of requests, against the fewest calls that could serve them.
 * `--quick` is a hundredth of the requests and of the KOLs, and draws nothing.
 */
const { values } = parseArgs({ options: { quick: { type: 'boolean', default: false } } });
const size = values.quick ? { requestCount: 10_000, kolCount: 1000 } : { requestCount: 1_000_000, kolCount: 100_000 };

const [SECOND_MS, MINUTE_MS, HOUR_MS] = [1000, 60_000, 3_600_000];
const REPLICA_COUNTS = [1, 3, 10, 100];
const LIFETIMES = [HOUR_MS, 24 * HOUR_MS, 10 * MINUTE_MS].map((freshMs) => ({ freshMs, latencyMs: 10 * SECOND_MS }));
const LATENCIES = [SECOND_MS, 60 * SECOND_MS].map((latencyMs) => ({ freshMs: HOUR_MS, latencyMs }));
const BUSY = { freshMs: 10 * MINUTE_MS, latencyMs: 60 * SECOND_MS };
const PLOT = new URL('../../docs/scaling.svg', import.meta.url);

const say = (text: string) => void process.stdout.write(`${text}\n`);

async function tellBlock(trace: Trace, varied: typeof BUSY): Promise<Block> {
  const block = await runBlock(trace, REPLICA_COUNTS, varied);
  say(blockText(block));
  return block;
}

const options = { ...size, durationMs: 24 * HOUR_MS, exponent: 1, seed: 1 };
const trace = createTrace(options);
say(
  `${countText(size.requestCount)} requests for ${countText(size.kolCount)} KOLs within ${durationText(24 * HOUR_MS)}`,
);
const blocks: Block[] = [];
for (const varied of [...LIFETIMES, ...LATENCIES]) blocks.push(await tellBlock(trace, varied));
say(`\nThe same number of requests within ${durationText(HOUR_MS)}`);
const busy = await tellBlock(createTrace({ ...options, durationMs: HOUR_MS }), BUSY);

// Beyond the ratio: what must hold also where the memory is too small, or the money ends.
const ten = { freshMs: HOUR_MS, latencyMs: 10 * SECOND_MS, replicaCount: 10, kolCount: size.kolCount };
const optimum = optimumOf(trace, ten);
const small = await simulate('shared', trace, balance(trace, 10), { ...ten, maxEntries: size.kolCount / 100 });
const dailyBudget = Math.floor(optimum / 2);
const poor = await simulate('shared', trace, balance(trace, 10), { ...ten, dailyBudget });
say('\n10 replicas of kol-gateway with a shared store, fresh 1 h, upstream 10 s');
say(`  memory for a hundredth of the KOLs: ${countText(small.billedCalls)} calls, optimum ${countText(optimum)}`);
say(`  UPSTREAM_DAILY_BUDGET=${dailyBudget}: ${countText(poor.billedCalls)} calls`);

if (!values.quick) {
  const panels = blocks.slice(0, 2).map((block) => ({ title: `fresh ${durationText(block.freshMs)}`, block }));
  writeFileSync(PLOT, plotRatios([...panels, { title: 'fresh 10 min, slow upstream, busy hour', block: busy }]));
}
