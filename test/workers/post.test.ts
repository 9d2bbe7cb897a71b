import { expect, test } from 'vitest';
import { createPost } from '../../src/workers/post.ts';

test('what is posted in one turn travels together, in its order', () => {
  const sent: (readonly number[])[] = [];
  const turns: (() => void)[] = [];
  const post = createPost<number>(
    (messages) => sent.push(messages),
    (callback) => turns.push(callback),
  );
  post(1);
  post(2);
  expect(sent).toEqual([]);
  turns.shift()?.();
  post(3);
  turns.shift()?.();
  expect(sent).toEqual([[1, 2], [3]]);
  expect(turns).toEqual([]);
});
