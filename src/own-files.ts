import { extname } from 'node:path';

/*
 * The build puts many files into one, so where a file lies is asked here alone: this one is a step below the package's
 * folder in the sources and in the build.
 */

/** The package's own folder. */
export const PACKAGE_FOLDER = new URL('../', import.meta.url);

/** What a thread of its own runs. Every name is an input of `rolldown.config.js` as well. */
export type ThreadName = 'stores/sqlite/worker' | 'server/pages/graphiql-thread';

export function threadUrl(name: ThreadName): URL {
  return new URL(`./${name}${extname(import.meta.url)}`, import.meta.url);
}
