/**
 * No text in a log line or in a span has more characters: a client's may be as long as a request, and a client may send
 * many of them. Ours are shorter, but for a stack.
 */
const MAX_LENGTH = 1000;
const MAX_STACK_LENGTH = 4 * MAX_LENGTH;

/** The text, or its beginning with how long it was. */
export function cutText(text: string, maxLength = MAX_LENGTH): string {
  return text.length <= maxLength ? text : `${text.slice(0, maxLength)}… (${text.length} characters)`;
}

/** What a log line says of a value: of an object no more than its JSON may be long, of an error what `describeError` does. */
export function cutValue(value: unknown): unknown {
  if (typeof value === 'string') return cutText(value);
  if (value instanceof Error) return describeError(value);
  if (typeof value !== 'object' || value === null) return value;
  const json = JSON.stringify(value);
  return json.length <= MAX_LENGTH ? value : cutText(json);
}

/** Nothing else: an HTTP client's error may hold a URL with the token. */
function describeError({ name, message, stack = '' }: Error) {
  // V8 puts the message into the stack too.
  const frames = stack.replace(message, () => cutText(message));
  return { type: cutText(name), message: cutText(message), stack: cutText(frames, MAX_STACK_LENGTH) };
}
