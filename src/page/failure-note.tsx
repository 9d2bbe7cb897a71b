import type { Failure } from './rows.ts';
import { useWords } from './words/words.ts';

interface FailureNoteProps {
  readonly failure: Failure;
  readonly onAgain: () => void;
}

/** What happened and what to do, in words; the code and the request's id for whoever is asked about it. */
export function FailureNote({ failure, onAgain }: FailureNoteProps) {
  const words = useWords();
  const { code, message, isRetryable, retryAfterSeconds, requestId } = failure;
  return (
    <div class="failure">
      <p>
        {words.failures[code] ?? words.failures.other}{' '}
        {isRetryable && retryAfterSeconds !== undefined && words.retryAfter(Math.ceil(retryAfterSeconds))}
      </p>
      {code === 'BAD_USER_INPUT' && <p>{message}</p>}
      <p class="details">{words.details(code, requestId)}</p>
      {isRetryable && (
        <button type="button" class="quiet" onClick={onAgain}>
          {words.again}
        </button>
      )}
    </div>
  );
}
