import { parentPort, workerData } from 'node:worker_threads';
import { renderGraphiqlPage } from './graphiql-html.ts';
import { type PageOptions, preparePage } from './page.ts';

const page = await preparePage(await renderGraphiqlPage(workerData as PageOptions));
parentPort?.postMessage(page);
