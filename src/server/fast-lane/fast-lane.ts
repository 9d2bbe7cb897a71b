import { parse } from 'graphql';
import { LRUCache } from 'lru-cache';
import type { FreshEntries, FreshEntry } from '../../cache/fresh-entries.ts';
import type { CallSummary } from '../../telemetry/log-calls.ts';
import { replyCacheable, VARY } from '../cache-headers.ts';
import type { Client } from '../clients/client.ts';
import { maxCostOf } from '../plugins/limit-cost.ts';
import { isDryRun } from '../prefer.ts';
import type { Exchange, GraphqlCall } from '../reply.ts';
import { createHits } from './hits.ts';
import { type Plan, planOf } from './plan.ts';
import { isPlainJson, type Question, questionIn, type Trusted } from './question.ts';

export interface FastLaneOptions {
  readonly fresh: FreshEntries;
  /** For how much longer an entry is fresh, in milliseconds. */
  readonly freshForMs: (entry: FreshEntry) => number;
  readonly maxKols: number;
  readonly trusted: Trusted | undefined;
  readonly clock: () => number;
  /** Told of what a request read, each key once. */
  readonly onHits?: ((answers: number, negatives: number) => void) | undefined;
  readonly onCall?: ((call: CallSummary) => void) | undefined;
}

/** Answers what is in memory and fresh, without yoga. It has learnt from yoga's own answers what to say. */
export interface FastLane {
  /** @returns whether it did; if not, nothing has happened */
  answer(exchange: Exchange, client: Client, body: Buffer | undefined, startedAtMs: number): boolean;
  /** Yoga has answered this request well: whoever asks the same way may be answered here. */
  learn(call: GraphqlCall, body: Buffer | undefined, contentType: string): void;
}

/** Characters of documents; a plan takes a multiple of its document. */
const MAX_PLANNED = 1_000_000;
/** What clients accept comes in few forms; each is one text. */
const MAX_ACCEPTS = 100;

export function createFastLane(options: FastLaneOptions): FastLane {
  const { fresh, freshForMs, maxKols, trusted, clock, onHits, onCall } = options;
  /** Plans by document and operation name; `false` for what cannot be planned. */
  const plans = new LRUCache<string, Map<string | undefined, Plan | false>>({
    maxSize: MAX_PLANNED,
    sizeCalculation: (_plans, text) => text.length + 1,
  });
  /** The content type that yoga chose, by what the client accepts. */
  const contentTypes = new LRUCache<string, string>({ max: MAX_ACCEPTS });

  function questionOf({ request }: Exchange, body: Buffer | undefined): Question | undefined {
    try {
      if (body !== undefined)
        return isPlainJson(request.headers) ? questionIn(JSON.parse(body.toString()), trusted) : undefined;
      if (request.method !== 'GET') return undefined;
      const parameters = [...new URL(request.url ?? '', 'http://localhost').searchParams];
      const { query, ...others } = Object.fromEntries(parameters);
      if (parameters.length > Object.keys(others).length + 1) return undefined; // which one of two is meant?
      const json = Object.fromEntries(
        Object.entries(others).map(([name, text]) => [name, name === 'operationName' ? text : JSON.parse(text)]),
      );
      return questionIn(query === undefined ? json : { query, ...json }, trusted);
    } catch {
      return undefined; // no JSON: yoga says what is wrong with it
    }
  }

  return {
    answer(exchange, client, body, startedAtMs) {
      const { request, requestId } = exchange;
      const { accept = '*/*', prefer, 'x-account': account } = request.headers;
      const contentType = contentTypes.get(accept);
      if (contentType === undefined || account !== undefined || isDryRun(prefer)) return false;
      const question = questionOf(exchange, body);
      const plan = question && plans.get(question.text)?.get(question.operationName);
      if (!question || !plan) return false;
      const hits = createHits({ fresh, maxKols, freshForMs });
      const text = plan.answer(question.variables, hits);
      if (text === undefined) return false;
      const { answers, negatives } = hits;
      const isKept = answers + negatives > 0;
      reply(exchange, text, {
        ...exchange.headers,
        'content-type': contentType,
        'content-length': String(text.length), // all of it is ASCII
        'cache-control': isKept ? `max-age=${Math.floor(hits.freshForMs / 1000)}` : 'no-store',
        vary: VARY,
        'x-billed-calls': '0',
      });
      onHits?.(answers, negatives);
      onCall?.({
        ...{ requestId, client: client.name, outcome: 'ok', bought: 0, saved: answers + negatives },
        operationName: question.operationName,
        query: question.text,
        durationMs: clock() - startedAtMs,
      });
      return true;
    },
    learn({ exchange, operation }, body, contentType) {
      contentTypes.set(exchange.request.headers.accept ?? '*/*', contentType);
      const question = questionOf(exchange, body);
      // What yoga has understood otherwise, it has not answered.
      if (question?.text !== operation?.query || question?.operationName !== operation?.name || !question) return;
      const { text, operationName } = question;
      const byName = plans.get(text) ?? new Map<string | undefined, Plan | false>();
      if (byName.has(operationName)) return;
      byName.set(operationName, planOf(parse(text), operationName, maxCostOf(maxKols) / maxKols) ?? false);
      plans.set(text, byName);
    },
  };
}

function reply(exchange: Exchange, text: string, headers: Record<string, string>): void {
  if (exchange.request.method === 'GET') replyCacheable(exchange, 200, headers, text);
  else exchange.response.writeHead(200, headers).end(text, 'latin1');
}
