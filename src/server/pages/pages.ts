import { createDocuments, type DocumentHandler } from './documents.ts';
import { createGraphiqlPage } from './graphiql-page.ts';
import type { PageHandler } from './page.ts';
import { createStartPage } from './start-page.ts';

/** Everything that is shown to a person in a browser. */
export interface Pages {
  /** Undefined where it was not built: GraphiQL is shown in its place. */
  readonly start: PageHandler | undefined;
  readonly graphiql: PageHandler;
  readonly documents: DocumentHandler;
}

export interface PagesOptions {
  readonly isSandbox: boolean;
  /** Whether the schema may be read over the wire. */
  readonly introspection: boolean;
}

export function createPages({ isSandbox, introspection }: PagesOptions): Pages {
  return {
    start: createStartPage({ isSandbox }),
    graphiql: createGraphiqlPage({ isSandbox }),
    documents: createDocuments({ isSchemaPublic: introspection }),
  };
}
