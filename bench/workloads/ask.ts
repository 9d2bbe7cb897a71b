import { isDeepStrictEqual } from 'node:util';
import { Agent, request } from 'undici';
import { CLIENT_KEY } from '../machine/client-key.ts';
import { expectedKol } from './scores.ts';
import type { Variables, Workload } from './workloads.ts';

const AT_A_TIME = 16;
const agent = new Agent({ connections: AT_A_TIME });

interface Answer {
  readonly status: number;
  readonly text: string;
}

/** The same request as load.lua's, byte for byte in its body. */
export async function ask(origin: string, query: string, variables: Variables): Promise<Answer> {
  const { statusCode, body } = await request(`${origin}/graphql`, {
    dispatcher: agent,
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json',
      authorization: `Bearer ${CLIENT_KEY}`,
    },
    body: JSON.stringify({ query, variables }),
  });
  return { status: statusCode, text: await body.text() };
}

/** Asks for everything that is to be cached, some at a time. */
export async function fill(origin: string, { query, fill }: Workload): Promise<void> {
  const left = fill.values();
  const askInTurn = async () => {
    for (const variables of left) {
      const { status, text } = await ask(origin, query, variables);
      if (status !== 200) throw new Error(`expected 200 from ${origin}, got ${status}: ${text.slice(0, 300)}`);
    }
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, askInTurn));
}

/**
 * Whether every sample of a workload is answered with the right values for the right ids.
 * @param isCanned its answers are right in length only
 * @returns the length of the shortest answer, in bytes
 * @throws with what was expected and what came
 */
export async function check(origin: string, { query, samples }: Workload, isCanned = false): Promise<number> {
  const lengths: number[] = [];
  for (const variables of samples) {
    const expected = {
      data: 'id' in variables ? { kol: expectedKol(variables.id) } : { kols: variables.ids.map(expectedKol) },
    };
    const { status, text } = await ask(origin, query, variables);
    const isRight = status === 200 && (isCanned || isDeepStrictEqual(JSON.parse(text), expected));
    if (!isRight) {
      throw new Error(
        `${origin}: expected ${JSON.stringify(expected).slice(0, 300)}, got ${status} ${text.slice(0, 300)}`,
      );
    }
    lengths.push(text.length);
  }
  return Math.min(...lengths);
}
