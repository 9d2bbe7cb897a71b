import { describeClient } from './client-contract.ts';

const URQL = new URL('./urql-page.ts', import.meta.url);

describeClient('urql', { entry: URQL, mediaType: 'multipart/mixed' });
describeClient('urql by server-sent events', {
  entry: URQL,
  mediaType: 'text/event-stream',
  accept: 'text/event-stream',
});
