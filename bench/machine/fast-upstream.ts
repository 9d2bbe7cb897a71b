import { createServer } from 'node:http';
import { vendorBlocks } from '../workloads/scores.ts';

/**
 * The vendor, answering every KOL at once; a process of its own. `/calls` tells how many calls it answered.
 * Cheaper per call than anything in front of it, so that it is not what is measured.
 */
const KOL_ID = /[?&]kolId=([^&]+)/;
let calls = 0;

const server = createServer((request, response) => {
  const id = KOL_ID.exec(request.url ?? '')?.[1];
  const body = id === undefined ? String(calls) : envelopeOf(id);
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) });
  response.end(body);
});
server.keepAliveTimeout = 600_000;
server.listen(Number(process.env['PORT']), '127.0.0.1');

function envelopeOf(id: string): string {
  calls += 1;
  const data = { base_resp: { status_code: 0, status_message: '' }, ...vendorBlocks(id) };
  return JSON.stringify({ code: 0, message: null, data, recordTime: '2026-11-22T12:00:00.000Z', requestId: id });
}
