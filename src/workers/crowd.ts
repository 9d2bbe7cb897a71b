import { type Edge, HURRY_MS } from '../open-edge.ts';
import type { Purchasing } from '../open-purchasing.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Timers } from '../upstream/timers.ts';
import { createGatherSamples } from './gather-samples.ts';
import { type Member, startMember } from './member.ts';
import { type Answers, type Question, receivedError, sendableError, type ToOwner, type ToWorker } from './messages.ts';
import { createRespawnPause } from './respawn-pause.ts';
import { createServedReads, type ServedReads } from './served-reads.ts';

export interface CrowdOptions {
  /** So many workers. */
  readonly count: number;
  /** The same for all, so not 0. */
  readonly port: number;
  readonly purchasing: Purchasing;
  /** What the owner's clock was set by, in milliseconds. */
  readonly clockOffsetMs: () => number;
  readonly log: Logger;
  /** Takes what workers write, line by line. */
  readonly writeLine: (line: string) => void;
  readonly steadyMs: () => number;
  readonly timers: Timers;
}

/** The workers of one owner, who together are its edge. */
export interface Crowd extends Omit<Edge, 'origin'> {
  /**
   * Settles when all of them can answer. @returns scheme, host and port
   * @throws what the first that cannot start says
   */
  start(): Promise<string>;
  tell(message: ToWorker): void;
  /** Tells everybody how clock and endpoint are now. */
  tellState(): void;
  /** Ends them by SIGKILL, and settles when they are gone. */
  kill(): Promise<void>;
}

/** After everything else has ended, traces are exported for two seconds at most; who is there even later is killed; in milliseconds. */
const LAST_MS = HURRY_MS + 3000;

interface Seat {
  readonly member: Member;
  readonly reads: ServedReads;
  isReady: boolean;
}

export function createCrowd(options: CrowdOptions): Crowd {
  const { count, port, purchasing, clockOffsetMs, log, writeLine, steadyMs, timers } = options;
  const { telemetry, cache, keyOf, rates } = purchasing;
  const seats = new Map<number, Seat>();
  const started = Promise.withResolvers<string>();
  const respawnPauseMs = createRespawnPause(steadyMs);
  let hasStarted = false;
  let isClosing = false;

  const ready = () => [...seats.values()].filter(({ isReady }) => isReady);
  const samples = createGatherSamples((id, askId) => seats.get(id)?.member.post({ kind: 'sample', id: askId }), timers);

  function state(): ToWorker {
    return { kind: 'state', clockOffsetMs: clockOffsetMs(), endpoint: purchasing.endpoint(), port };
  }

  function hire(): void {
    const member = startMember((message) => hear(seat, message), writeLine);
    const reads = createServedReads({ cache, keyOf, post: member.post, tracer: telemetry.tracer });
    const seat: Seat = { member, reads, isReady: false };
    seats.set(member.id, seat);
    member.post(state());
    void member.ended.then((how) => gone(seat, how));
  }

  function hear(seat: Seat, message: ToOwner): void {
    const { member, reads } = seat;
    switch (message.kind) {
      case 'read':
        reads.read(message);
        break;
      case 'leave':
        reads.leave(message.requester);
        break;
      case 'ask':
        answer(message.question).then(
          (told) => member.post({ kind: 'told', id: message.id, answer: told }),
          (error: unknown) => member.post({ kind: 'told', id: message.id, error: sendableError(error) }),
        );
        break;
      case 'samples':
        samples.hear(message.id, member.id, message.samples);
        break;
      case 'ready':
        welcome(seat, message.origin);
        break;
      case 'failed':
        failed(seat, receivedError(message.error));
    }
  }

  function failed({ member }: Seat, error: Error): void {
    if (hasStarted) log.error({ worker: member.id, err: error }, 'a worker could not start');
    started.reject(error);
  }

  async function answer(question: Question): Promise<Answers[keyof Answers]> {
    switch (question.name) {
      case 'rate':
        return { refusal: await rates.count({ name: question.client, perMinute: question.perMinute }) };
      case 'metrics':
        return samples.text(
          await telemetry.metrics.samples(),
          ready().map(({ member }) => member.id),
        );
      case 'account':
        return purchasing.account();
    }
  }

  function welcome(seat: Seat, at: string): void {
    seat.isReady = true;
    if (ready().length < count) return;
    hasStarted = true;
    started.resolve(at);
  }

  /** What it has asked for is bought and kept all the same. */
  function gone({ member, reads }: Seat, how: string): void {
    seats.delete(member.id);
    samples.gone(member.id);
    reads.leaveAll();
    if (!hasStarted) started.reject(new Error(`a worker ended before it could answer (${how})`));
    if (isClosing || !hasStarted) return;
    const pauseMs = respawnPauseMs();
    log.error({ worker: member.id, how, pauseMs }, 'a worker ended; another one takes its place');
    timers.after(pauseMs, () => {
      if (!isClosing) hire();
    });
  }

  async function end(): Promise<void> {
    await Promise.all([...seats.values()].map(({ member }) => member.ended));
  }

  function tell(message: ToWorker): void {
    for (const { member } of seats.values()) member.post(message);
  }

  return {
    start() {
      for (let hired = 0; hired < count; hired += 1) hire();
      return started.promise;
    },
    tell,
    tellState: () => tell(state()),
    close() {
      isClosing = true;
      for (const { member } of seats.values()) member.retire();
      tell({ kind: 'stop' });
      return end();
    },
    hurry() {
      tell({ kind: 'hurry' });
      for (const { reads } of seats.values()) reads.leaveAll();
      timers.after(LAST_MS, () => {
        for (const { member } of seats.values()) member.kill();
      });
    },
    kill() {
      isClosing = true;
      for (const { member } of seats.values()) member.kill();
      return end();
    },
  };
}
