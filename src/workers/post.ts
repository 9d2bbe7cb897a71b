/** Sends a message to the process at the other end; what cannot reach it any more is lost, as its reader is. */
export type Post<Message> = (message: Message) => void;

/**
 * What is posted within one turn of the event loop travels together, in its order.
 * @param send takes what was posted, never nothing
 */
export function createPost<Message>(
  send: (messages: readonly Message[]) => void,
  soon: (callback: () => void) => void = setImmediate,
): Post<Message> {
  let posted: Message[] = [];
  return (message) => {
    posted.push(message);
    if (posted.length > 1) return;
    soon(() => {
      const messages = posted;
      posted = [];
      send(messages);
    });
  };
}
