/**
 * What has to succeed once before other things are done.
 *
 * @returns what runs it, for all callers together; after a failure it is tried again when it is asked for again
 */
export function untilDone(run: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | undefined;
  return () => {
    running ??= run().catch((error: unknown) => {
      running = undefined;
      throw error;
    });
    return running;
  };
}
