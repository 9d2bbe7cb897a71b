import { expect, test } from 'vitest';
import { createWaits } from '../../src/loaders/request-account.ts';

function setUp() {
  const waits = createWaits();
  const ended: string[] = [];
  const begin = (name: string) => {
    const end = () => void ended.push(name);
    waits.add(end);
    return end;
  };
  return { waits, ended, begin };
}

test('every wait that lasts is ended, and one that was over before is left alone', () => {
  const { waits, ended, begin } = setUp();
  begin('first');
  waits.delete(begin('over'));
  begin('last');
  expect(ended).toEqual([]);
  waits.endAll();
  expect(ended).toEqual(['first', 'last']);
});

test('a wait that begins after all have been ended is over at once', () => {
  const { waits, ended, begin } = setUp();
  begin('before');
  waits.endAll();
  begin('late');
  expect(ended).toEqual(['before', 'late']);
  waits.endAll();
  expect(ended, 'each once').toEqual(['before', 'late']);
});
