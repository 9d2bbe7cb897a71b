import { onTestFinished, test, vi } from 'vitest';
import { systemTimers } from '../../src/domain/time.ts';

test('a time that is over already is as soon as possible, and no reason for a warning of Node.js', async ({
  expect,
}) => {
  const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
  onTestFinished(() => warn.mockRestore());
  const order: string[] = [];
  await Promise.all([
    new Promise<void>((resolve) => void systemTimers.after(1, () => resolve(void order.push('1 ms')))),
    new Promise<void>((resolve) => void systemTimers.after(-0.25, () => resolve(void order.push('over')))),
  ]);
  expect(order).toEqual(['1 ms', 'over']);
  expect(warn).not.toHaveBeenCalled();
});
