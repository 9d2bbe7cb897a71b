import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import { expect, test } from 'vitest';
import { createLogFault } from '../../src/telemetry/log-events.ts';
import { createLogger, openTerminalStream } from '../../src/telemetry/logger.ts';
import { createTestClock } from '../support/test-clock.ts';

test('a person at a terminal reads lines, a machine JSON', async () => {
  const terminal = new PassThrough();
  const written = once(terminal, 'data');
  createLogger('info', await openTerminalStream(terminal)).info({ endpoint: 'kol-link-info' }, 'upstream answered');
  const [chunk] = await written;
  expect(stripVTControlCharacters(String(chunk))).toMatch(
    /^\[\d\d:\d\d:\d\d\.\d{3}\] INFO: upstream answered\n +endpoint: "kol-link-info"/,
  );
});

test('the same fault again is summed up once a minute, and another one is not held back by it', () => {
  const lines: { times?: number; err: { message: string } }[] = [];
  const clock = createTestClock();
  const log = createLogger('info', { write: (line) => void lines.push(JSON.parse(line)) });
  const logFault = createLogFault(log, clock.nowMs);
  const fail = (message: string) => logFault(new Error(message), { requestId: 'r' });

  for (let time = 0; time < 5; time += 1) fail('again and again');
  fail('another');
  expect(lines.map(({ err, times }) => [err.message, times])).toEqual([
    ['again and again', undefined],
    ['another', undefined],
  ]);
  clock.advanceMs(60_000);
  fail('again and again');
  expect(lines.at(-1)).toMatchObject({ times: 5, err: { message: 'again and again' } });
  expect(lines).toHaveLength(3);
});
