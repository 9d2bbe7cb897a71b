import type { Failure } from './failure.ts';
import { wordsFor } from './failure-words.ts';

interface FailureNoticeProps {
  readonly failure: Failure;
  readonly onTryAgain: () => void;
}

export function FailureNotice({ failure, onTryAgain }: FailureNoticeProps) {
  const { code, isRetryable, retryAfterSeconds, requestId } = failure;
  const { what, todo } = wordsFor(failure);
  return (
    <div className="failure">
      <div>
        <strong>{what}</strong> {todo}
        {isRetryable && retryAfterSeconds !== undefined && ` Makes sense again in ${Math.ceil(retryAfterSeconds)} s.`}
        <small>
          <code>{code}</code>
          {requestId && <> · request {requestId}</>}
        </small>
      </div>
      {isRetryable && (
        <button type="button" onClick={onTryAgain}>
          Try again
        </button>
      )}
    </div>
  );
}
