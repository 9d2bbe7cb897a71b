import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/**
 * What is still referenced, in bytes: on V8's heap, and in buffers beside it. What the caller does not use afterwards may be
 * gone by then.
 */
export function heldBytes(): number {
  for (let time = 0; time < 2; time += 1) collect();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}
