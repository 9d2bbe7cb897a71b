import { parentPort, workerData } from 'node:worker_threads';
import { renderGraphiqlPage } from './graphiql-html.ts';
import { type PageOptions, preparePage } from './page.ts';

const page = await preparePage(await renderGraphiqlPage(workerData as PageOptions));
// Transferred and not copied: copying 9 MB would block the event loop.
parentPort?.postMessage(page, [page.html.buffer as ArrayBuffer, page.gzipped.buffer as ArrayBuffer]);
