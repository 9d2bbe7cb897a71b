import { expect, test } from 'vitest';
import { ANONYMOUS } from '../../src/server/clients/client.ts';
import type { ToOwner } from '../../src/workers/messages.ts';
import { createQuestions } from '../../src/workers/questions.ts';

test('the owner counts the requests of a client that has a limit, and nobody those of one that has none', async () => {
  const posted: ToOwner[] = [];
  const { rates, hear } = createQuestions((message) => posted.push(message));
  expect(rates.count(ANONYMOUS)).toBeUndefined();
  expect(posted).toEqual([]);
  const counting = [rates.count({ name: 'team', perMinute: 1 }), rates.count({ name: 'team', perMinute: 1 })];
  expect(posted).toMatchObject([1, 2].map((id) => ({ id, question: { name: 'rate', client: 'team', perMinute: 1 } })));
  const refusal = { httpStatus: 429, code: 'RATE_LIMITED', message: 'Too many', retryAfterSeconds: 9 };
  hear({ kind: 'told', id: 2, answer: { refusal } });
  hear({ kind: 'told', id: 1, answer: { refusal: undefined } });
  expect(await Promise.all(counting)).toEqual([undefined, refusal]);
});

test('what the owner could not answer is a fault for who asked', async () => {
  const { metrics, hear } = createQuestions(() => {});
  const asking = metrics();
  hear({ kind: 'told', id: 1, error: { message: 'as a test wants it' } });
  await expect(asking).rejects.toThrow('as a test wants it');
});
