import { describeClient } from './client-contract.ts';

describeClient('Apollo Client', { entry: new URL('./apollo-page.ts', import.meta.url), mediaType: 'multipart/mixed' });
