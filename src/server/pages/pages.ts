import { createDocuments, type DocumentHandler } from './documents.ts';
import { createGraphiqlPage } from './graphiql-page.ts';
import type { PageHandler, PageOptions } from './page.ts';
import { createStartPage } from './start-page.ts';

/** Everything that is shown to a person in a browser. */
export interface Pages {
  /** Leads to GraphiQL where the start page was not built. */
  readonly start: PageHandler;
  readonly graphiql: PageHandler;
  readonly documents: DocumentHandler;
}

export interface PagesOptions extends PageOptions {
  /** Whether a visitor without a key may read the schema. */
  readonly isSchemaPublic: boolean;
}

export function createPages({ isSchemaPublic, ...options }: PagesOptions): Pages {
  return {
    start: createStartPage(options),
    graphiql: createGraphiqlPage(options),
    documents: createDocuments({ isSchemaPublic }),
  };
}
