import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { threadUrl } from '../../own-files.ts';
import { type PageHandler, type PageOptions, type PreparedPage, servePage } from './page.ts';

/** Made in a thread of its own: joining 9 MB would delay all other answers by a tenth of a second. */
export function createGraphiqlPage(options: PageOptions): PageHandler {
  return servePage(async () => {
    // For the option see sqlite/sqlite-file.ts.
    const url = threadUrl('server/pages/graphiql-thread');
    const worker = new Worker(url, { workerData: options, execArgv: ['--report-exclude-env'] });
    worker.unref();
    const [page] = (await once(worker, 'message')) as [PreparedPage];
    return page;
  });
}
