import { LRUCache } from 'lru-cache';
import type { FreshEntries } from '../../cache/fresh-entries.ts';
import type { CallSummary } from '../../telemetry/log-events.ts';
import type { Client } from '../clients/client.ts';
import { cacheHeaders, type GraphqlCall, replyCacheable, VARY } from '../graphql/call.ts';
import { maxCostOf } from '../graphql/request-limits.ts';
import type { Exchange } from '../http/exchange.ts';
import { appliedHeader, type Preferences } from '../http/prefer.ts';
import { parseRequest, type Trusted } from './parse-request.ts';
import { createPlans } from './plans.ts';
import { createHits, textOfReads } from './reads.ts';
import { type Answer, createReadyAnswers, type Planned, type ReadyAnswer } from './ready-answers.ts';

export interface FastLaneOptions {
  readonly fresh: FreshEntries;
  readonly maxKols: number;
  readonly trusted: Trusted | undefined;
  readonly clock: () => number;
  /** Milliseconds since whenever; never set back. */
  readonly steadyMs: () => number;
  /** Called with what a request read, each key once. */
  readonly onHits?: ((answers: number, negatives: number) => void) | undefined;
  readonly onCall?: ((call: CallSummary) => void) | undefined;
}

/** A request that there is a plan for, or an answer that its plan has given before and would give again. */
export type PlannedRequest = { readonly contentType: string; readonly preferences: Preferences } & (
  | { readonly ready: ReadyAnswer }
  | (Planned & { readonly ready?: undefined; readonly body: Buffer | undefined })
);

/** Answers by plans, without yoga. It has learnt from yoga's own answers what to say. */
export interface FastLane {
  /** @returns undefined for what is yoga's to answer */
  plannedRequest(exchange: Exchange, preferences: Preferences, body: Buffer | undefined): PlannedRequest | undefined;
  /** Answers what is in memory and fresh. @returns whether it did; if not, nothing has happened */
  answerFromMemory(exchange: Exchange, client: Client, planned: PlannedRequest, startedMs: number): boolean;
  /** Reads what is missing, as yoga would. @returns false where a read failed; yoga then reports it, from the same reads */
  answerByReading(call: GraphqlCall, planned: PlannedRequest): Promise<boolean>;
  /** To be called when yoga has answered a request without an error: requests of the same form may be answered here. */
  learn(call: GraphqlCall, body: Buffer | undefined, contentType: string): void;
}

/** What clients accept comes in few forms; each is one text. */
const MAX_ACCEPTS = 100;

export function createFastLane(options: FastLaneOptions): FastLane {
  const { fresh, maxKols, trusted, clock, steadyMs, onHits, onCall } = options;
  const plans = createPlans(maxCostOf(maxKols) / maxKols);
  /** The content type that yoga chose, by what the client accepts. */
  const contentTypes = new LRUCache<string, string>({ max: MAX_ACCEPTS });
  const readyAnswers = createReadyAnswers({ fresh, trusted });

  function answerOf(planned: Planned, body: Buffer | undefined): Answer | undefined {
    const nowMs = clock();
    const hits = createHits({ fresh, maxKols, nowMs });
    const content = planned.plan.answer(planned.variables, hits);
    if (content === undefined) return undefined;
    if (body) readyAnswers.offer(body, planned, { content, hits }, nowMs);
    return { content, hits };
  }

  return {
    plannedRequest({ request }, preferences, body) {
      const { accept = '*/*', 'x-account': account } = request.headers;
      const contentType = contentTypes.get(accept);
      if (contentType === undefined || account !== undefined || preferences.isDryRun) return undefined;
      const ready = body && request.method === 'POST' ? readyAnswers.find(body, clock()) : undefined;
      if (ready) return { contentType, preferences, ready };
      const parsed = parseRequest(request, body, trusted);
      const found = parsed && plans.find(parsed);
      return found ? { parsed, ...found, contentType, preferences, body } : undefined;
    },
    answerFromMemory(exchange, client, planned, startedMs) {
      const { parsed } = planned.ready ?? planned;
      const answer = planned.ready ?? answerOf(planned, planned.body);
      if (answer === undefined) return false;
      const { answers, negatives, freshForMs } = answer.hits;
      const isKept = answers + negatives > 0;
      reply(exchange, answer.content, planned.contentType, {
        'cache-control': isKept ? `max-age=${Math.floor(freshForMs / 1000)}` : 'no-store',
        vary: VARY,
        ...appliedHeader(planned.preferences),
        'x-billed-calls': '0',
      });
      onHits?.(answers, negatives);
      onCall?.({
        requestId: exchange.requestId,
        client: client.name,
        operationName: parsed.operationName,
        query: parsed.text,
        outcome: 'ok',
        durationMs: Math.round(steadyMs() - startedMs),
        bought: 0,
        saved: answers + negatives,
      });
      return true;
    },
    async answerByReading(call, planned) {
      if (planned.ready) return false;
      const { parsed, contentType } = planned;
      const text = await textOfReads(planned, maxKols, call.linkIndexes);
      if (text === undefined) return false;
      call.operation = { name: parsed.operationName, query: parsed.text };
      reply(call.exchange, text, contentType, cacheHeaders(call));
      return true;
    },
    learn({ exchange: { request }, operation, document }, body, contentType) {
      contentTypes.set(request.headers.accept ?? '*/*', contentType);
      const parsed = parseRequest(request, body, trusted);
      if (!parsed || !document) return;
      // What yoga has understood otherwise, it has not answered.
      if (parsed.text === operation?.query && parsed.operationName === operation.name) plans.learn(parsed, document);
    },
  };
}

function reply(
  exchange: Exchange,
  content: Answer['content'],
  contentType: string,
  others: Record<string, string>,
): void {
  const headers = {
    ...exchange.headers,
    'content-type': contentType,
    'content-length': String(content.length), // all of it is ASCII
    ...others,
  };
  if (exchange.request.method === 'GET') replyCacheable(exchange, 200, headers, String(content));
  else exchange.response.writeHead(200, headers).end(content, 'latin1');
}
