import { parentPort, workerData } from 'node:worker_threads';
import { renderGraphiqlPage } from './graphiql-html.ts';
import { type PageOptions, preparePage } from './page.ts';

const page = await preparePage(await renderGraphiqlPage(workerData as PageOptions));
// Given away and not copied: 9 MB more would be a stall again.
parentPort?.postMessage(page, [page.html.buffer as ArrayBuffer, page.gzipped.buffer as ArrayBuffer]);
