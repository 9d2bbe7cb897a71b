import { createServer, type IncomingMessage } from 'node:http';
import { KNOWN_KOLS, kolId, kolIds, LIST_LENGTH } from '../workloads/kol-ids.ts';
import { expectedKol } from '../workloads/scores.ts';

/**
 * What Node's HTTP costs by itself: the body is read and parsed, and an answer of the right length is there already.
 * Known KOLs and the first list get the right answer; every other one gets theirs.
 */
const answers = new Map(
  kolIds(1, KNOWN_KOLS).map((id) => [id, Buffer.from(JSON.stringify({ data: { kol: expectedKol(id) } }))]),
);
const anyKol = answers.get(kolId(1)) as Buffer;
const anyList = Buffer.from(JSON.stringify({ data: { kols: kolIds(1, LIST_LENGTH).map(expectedKol) } }));

const server = createServer((request, response) => {
  if (request.method !== 'POST') return void response.writeHead(404).end();
  readBody(request, (body) => {
    const { variables } = JSON.parse(body) as { variables: { id?: string } };
    const answer = variables.id === undefined ? anyList : (answers.get(variables.id) ?? anyKol);
    response.writeHead(200, { 'content-type': 'application/json; charset=utf-8', 'content-length': answer.byteLength });
    response.end(answer);
  });
});
server.listen(Number(process.env['PORT']), '127.0.0.1');

function readBody(request: IncomingMessage, then: (body: string) => void): void {
  let body = '';
  request.setEncoding('utf8');
  request.on('data', (chunk: string) => {
    body += chunk;
  });
  request.on('end', () => then(body));
}
