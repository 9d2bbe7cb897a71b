/** Workers that live longer have done their work; in milliseconds. */
const FORGIVEN_MS = 60_000;
const FIRST_PAUSE_MS = 500;
const MAX_PAUSE_MS = 30_000;

/**
 * How long to wait before a worker that ended is replaced, in milliseconds: not at all the first time, and longer each
 * time that one ends again soon, so that what ends them all does not fill the machine with starting processes.
 */
export function createRespawnPause(steadyMs: () => number): () => number {
  let endsInARow = 0;
  let lastEndMs = Number.NEGATIVE_INFINITY;

  return () => {
    endsInARow = steadyMs() - lastEndMs < FORGIVEN_MS ? endsInARow + 1 : 0;
    lastEndMs = steadyMs();
    return endsInARow === 0 ? 0 : Math.min(MAX_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (endsInARow - 1));
  };
}
