import { ECHO } from '../support/raw-responses.ts';
import {
  answers,
  type Behaviour,
  held,
  type ReceivedCall,
  replies,
  type ScriptedUpstream,
  startScriptedUpstream,
} from '../support/scripted-upstream.ts';
import { BALANCE_PATH, byPath, EXAMPLE_PATH } from '../support/vendor-account.ts';
import { FAULTS } from './fault-table.ts';
import { BAD_RESPONSE, type Fault, type Row } from './faults.ts';

const CODES = [0, 100, 201, 300, 301, 302, 303, 400, 404, 500, 503, 600, 601, 602, 999];
const LOUD: Readonly<Record<string, string>> = { 'retry-after': ECHO, 'x-request-id': ECHO, 'x-api-key': ECHO };
const ENVELOPE = { message: ECHO, data: ECHO, recordTime: ECHO, [ECHO]: ECHO };

/** Every code with the token wherever there is room for it; only that nothing of it is shown matters here. */
const ECHOES: readonly Row[] = [
  ...CODES.map((code): Row => [`code ${code}, all token`, replies(200, JSON.stringify({ code, ...ENVELOPE }), LOUD)]),
  ...[400, 401, 429, 500].map((status): Row => [`HTTP ${status}, all token`, replies(status, `<p>${ECHO}</p>`, LOUD)]),
];

/** What is asked beside the paid call, with the token wherever something else is expected. */
const echoesBesideIt = replies(
  200,
  JSON.stringify({
    ...{ ...ENVELOPE, code: 0 },
    data: {
      ...{ balance: ECHO, currency: ECHO, api: ECHO, checkedAt: ECHO, [ECHO]: ECHO },
      example: { code: 0, data: { [ECHO]: ECHO, base_resp: ECHO, cp_index: ECHO, link_star_index: { rank: ECHO } } },
    },
  }),
  LOUD,
);

const isReachable = ({ conduct }: Fault) => !('obstacle' in conduct);
/** Those that take as long as the gateway lets them, or as many bytes. */
const isSlow = ({ env, title }: Fault) =>
  env?.['UPSTREAM_TIMEOUT_SECONDS'] !== undefined || /20 MB|without end/.test(title);
const isPausing = ({ afterwards }: Fault) => typeof afterwards === 'object' && 'pausedSeconds' in afterwards;

const byKol = (name: string, faults: readonly Fault[]): ReadonlyMap<string, Fault> =>
  new Map(faults.map((fault, index) => [`${name}-${index}`, fault]));

const REACHABLE = FAULTS.filter(isReachable);
export const SLOW_VICTIMS = byKol('slow', REACHABLE.filter(isSlow));
const LIVELY = REACHABLE.filter((fault) => !isSlow(fault));
/** What holds up the others comes last. */
export const VICTIMS = byKol('victim', [...LIVELY.filter((fault) => !isPausing(fault)), ...LIVELY.filter(isPausing)]);
export const ECHOING_VICTIMS = byKol(
  'echo',
  ECHOES.map(([title, conduct]) => ({ title, conduct, ...BAD_RESPONSE })),
);
/** A KOL whose call is not answered. */
export const HELD = 'held';

/** An upstream that does to each KOL what is in a table, and right by every other. */
export async function startFaultyUpstream(elsewhere: ScriptedUpstream): Promise<ScriptedUpstream> {
  const hold = held();
  const paid: Behaviour = (socket, call) => {
    const kolId = kolIdOf(call) ?? '';
    const fault = VICTIMS.get(kolId) ?? SLOW_VICTIMS.get(kolId) ?? ECHOING_VICTIMS.get(kolId);
    (fault ? behaviourOf(fault, elsewhere) : kolId === HELD ? hold : answers)(socket, call);
  };
  return startScriptedUpstream(byPath({ [BALANCE_PATH]: echoesBesideIt, [EXAMPLE_PATH]: echoesBesideIt }, paid));
}

/** On either endpoint. */
export function kolIdOf({ parameters }: ReceivedCall): string | null {
  return parameters.get('kolId') ?? parameters.get('oAuthorId');
}

function behaviourOf({ conduct }: Fault, elsewhere: ScriptedUpstream): Behaviour {
  if (conduct instanceof Function) return conduct;
  if ('obstacle' in conduct) return answers;
  return (socket, call) => {
    const location = `${elsewhere.baseUrl}${call.path}?${call.parameters}&echo=${encodeURIComponent(ECHO)}`;
    replies(conduct.redirect, '', { location })(socket, call);
  };
}
