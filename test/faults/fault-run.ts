import { setImmediate } from 'node:timers/promises';
import { ALL_OF } from '../operations.ts';
import { ECHO } from '../support/raw-responses.ts';
import {
  answers,
  type Behaviour,
  replies,
  type ScriptedUpstream,
  startScriptedUpstream,
} from '../support/scripted-upstream.ts';
import { type GraphResult, startTestGateway, type TestGateway } from '../support/test-gateway.ts';
import { startUnreachableUpstream } from '../support/unreachable-upstream.ts';
import type { Fault } from './faults.ts';

type Result = GraphResult<{ kol?: { linkIndex?: Record<string, unknown> | null } | null }>;

/** What a client gets. */
export interface Answer {
  readonly result: Result;
  readonly billedCalls: string | null;
  /** Status, headers and body, as text. */
  readonly text: string;
}

/** A gateway in front of an upstream that does wrong by its victims, and right by every other KOL. */
export interface FaultRun extends AsyncDisposable {
  readonly gateway: TestGateway;
  /** Calls for KOLs; each is money. */
  readonly upstream: ScriptedUpstream;
  /** The other host that redirects point to. */
  readonly elsewhere: ScriptedUpstream;
  /** What came to an upstream that cannot be reached. */
  readonly strayBytes: () => string;
  /** Every attempt so far, as the log tells it. */
  attempts(): readonly { readonly outcome: string; readonly billed: string }[];
  /** Asks for all six indices; moves the clock where the gateway waits before a further attempt. */
  ask(kolId: string): Promise<Answer>;
}

/** @param victims the fault of each KOL that has one; their variables and obstacles are those of the first */
export async function startFaultRun(
  victims: ReadonlyMap<string, Fault>,
  env: Readonly<Record<string, string>> = {},
): Promise<FaultRun> {
  await using starting = new AsyncDisposableStack();
  const elsewhere = starting.use(await startScriptedUpstream(answers));
  const upstream = starting.use(
    await startScriptedUpstream((socket, call) => {
      const fault = victims.get(call.parameters.get('kolId') ?? '');
      (fault ? behaviourOf(fault, elsewhere.baseUrl) : answers)(socket, call);
    }),
  );
  const [first] = victims.values();
  const unreachable =
    first && 'obstacle' in first.conduct
      ? starting.use(await startUnreachableUpstream(first.conduct.obstacle))
      : undefined;
  const gateway = starting.use(
    await startTestGateway({ upstream: unreachable ?? upstream, env: { ...first?.env, ...env } }),
  );
  const running = starting.move();

  return {
    gateway,
    upstream,
    elsewhere,
    strayBytes: () => unreachable?.received() ?? '',
    attempts: () => attemptsIn(gateway.logText()),
    async ask(kolId) {
      const asked = gateway.post({ query: ALL_OF.toString(), variables: { id: kolId } });
      const { waitsSeconds } = victims.get(kolId) ?? {};
      if (waitsSeconds) await waitThrough(gateway, asked, waitsSeconds * 1000);
      const response = await asked;
      const body = await response.text();
      return {
        result: JSON.parse(body) as Result,
        billedCalls: response.headers.get('x-billed-calls'),
        text: `${response.status} ${response.statusText}\n${JSON.stringify([...response.headers])}\n${body}`,
      };
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

function behaviourOf({ conduct }: Fault, elsewhereUrl: string): Behaviour {
  if (conduct instanceof Function) return conduct;
  if ('obstacle' in conduct) return answers;
  return (socket, call) => {
    const location = `${elsewhereUrl}${call.path}?${call.parameters}&echo=${encodeURIComponent(ECHO)}`;
    replies(conduct.redirect, '', { location })(socket, call);
  };
}

/** Lets the next attempt start whenever one waits for its time: then a timer stands beside that of the request's patience. */
async function waitThrough({ clock }: TestGateway, asked: Promise<Response>, waitMs: number): Promise<void> {
  let isSettled = false;
  const settle = () => {
    isSettled = true;
  };
  asked.then(settle, settle);
  while (!isSettled) {
    await setImmediate();
    if (clock.pending > 1) clock.advanceMs(waitMs);
  }
}

function attemptsIn(logText: string): readonly { readonly outcome: string; readonly billed: string }[] {
  const lines = logText.split('\n').filter((line) => line !== '');
  const parsed = lines.map((line) => JSON.parse(line) as Record<string, string>);
  return parsed.flatMap(({ outcome, billed }) => (outcome && billed ? [{ outcome, billed }] : []));
}
