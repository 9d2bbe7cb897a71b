import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer as createTlsServer } from 'node:tls';

/** Node makes keys, but no certificates. */
const OPENSSL = 'openssl';

/** Ways in which no request can ever be sent. */
export type Obstacle =
  | 'a refused port'
  | 'an unknown host'
  | 'plain text instead of TLS'
  | 'a reset in the TLS handshake'
  | 'an end in the TLS handshake'
  | 'silence in the TLS handshake'
  | 'a self-signed certificate';

export interface UnreachableUpstream extends AsyncDisposable {
  readonly baseUrl: string;
  /** What it could read, were it to listen: nothing that names a KOL or a token. */
  readonly received: () => string;
}

export async function startUnreachableUpstream(obstacle: Obstacle): Promise<UnreachableUpstream> {
  if (obstacle === 'an unknown host') return nowhere('http://upstream.invalid');
  let received = '';
  const sockets = new Set<Socket>();
  const server = serverFor(obstacle);
  server.on(obstacle === 'a self-signed certificate' ? 'secureConnection' : 'connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
    socket.on('data', (chunk) => {
      received += chunk.toString('latin1');
      meet(obstacle, socket);
    });
  });
  server.on('tlsClientError', () => {});
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const close = async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, 'close');
  };
  if (obstacle === 'a refused port') {
    await close();
    return nowhere(`http://127.0.0.1:${port}`);
  }
  return { baseUrl: `https://127.0.0.1:${port}`, received: () => received, [Symbol.asyncDispose]: close };
}

function nowhere(baseUrl: string): UnreachableUpstream {
  return { baseUrl, received: () => '', async [Symbol.asyncDispose]() {} };
}

function serverFor(obstacle: Obstacle): Server {
  return obstacle === 'a self-signed certificate' ? createTlsServer(selfSigned()) : createServer();
}

/** What is done to whoever says hello. */
function meet(obstacle: Obstacle, socket: Socket): void {
  if (obstacle === 'plain text instead of TLS') socket.end('HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n');
  if (obstacle === 'a reset in the TLS handshake') socket.resetAndDestroy();
  if (obstacle === 'an end in the TLS handshake') socket.end();
}

/** A certificate for this address that nobody vouches for, made anew so that none can expire in the repository. */
function selfSigned(): { readonly key: Buffer; readonly cert: Buffer } {
  const folder = mkdtempSync(join(tmpdir(), 'kol-tls-'));
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  try {
    const kind = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
    const name = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1'];
    execFileSync(OPENSSL, [...kind, ...name, '-keyout', key, '-out', cert], { stdio: 'ignore' });
    return { key: readFileSync(key), cert: readFileSync(cert) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
