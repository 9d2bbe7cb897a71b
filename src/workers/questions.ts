import type { Rates } from '../server/clients/rates.ts';
import { type Answers, type Question, receivedError, type ToldMessage, type ToOwner } from './messages.ts';
import type { Post } from './post.ts';

/** What a worker asks of its owner besides reads. */
export interface Questions {
  /** Where a client has no `perMinute` nobody needs to be asked. */
  readonly rates: Pick<Rates, 'count'>;
  metrics(): Promise<string>;
  account(): Promise<unknown>;
  /** The owner has answered. */
  hear(message: ToldMessage): void;
}

/** An owner that stands still holds whoever asks, and one that is gone ends this process: no question is answered by a guess. */
export function createQuestions(post: Post<ToOwner>): Questions {
  const open = new Map<number, PromiseWithResolvers<never>>();
  let lastId = 0;

  function ask<Name extends Question['name']>(question: Question & { name: Name }): Promise<Answers[Name]> {
    const waiting = Promise.withResolvers<never>();
    lastId += 1;
    open.set(lastId, waiting);
    post({ kind: 'ask', id: lastId, question });
    return waiting.promise as Promise<Answers[Name]>;
  }

  return {
    rates: {
      count({ name: client, perMinute }) {
        if (perMinute === undefined) return undefined;
        return ask({ name: 'rate', client, perMinute }).then(({ refusal }) => refusal);
      },
    },
    metrics: () => ask({ name: 'metrics' }),
    account: () => ask({ name: 'account' }),
    hear(message) {
      const waiting = open.get(message.id);
      open.delete(message.id);
      if ('error' in message) waiting?.reject(receivedError(message.error));
      else waiting?.resolve(message.answer as never);
    },
  };
}
