import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { SERVER_CORE } from '../machine/pinned-process.ts';
import { type StartedServer, startServer } from '../machine/started-server.ts';
import { gatewayCommand, type Surroundings } from '../peers/peers.ts';
import type { InsideReport } from './inside-gateway.ts';

export interface ReportingGateway extends StartedServer {
  /** What it says of itself after a full collection of garbage; from then on its longest pause is counted anew. */
  report(): Promise<InsideReport>;
}

const INSIDE = fileURLToPath(new URL('inside-gateway.ts', import.meta.url));
const REPORT_MS = 30_000;
const POLL_MS = 50;

/** The gateway on its core, with a module inside that reports on its memory and its pauses. */
export async function startReportingGateway(
  surroundings: Surroundings,
  env: Readonly<Record<string, string>>,
): Promise<ReportingGateway> {
  const reportFile = join(surroundings.folder, 'report.json');
  const command = gatewayCommand(surroundings, { ...env, BENCH_REPORT: reportFile });
  const args = ['--expose-gc', '--import', INSIDE, ...command.args];
  const server = await startServer(SERVER_CORE, { ...command, name: 'gateway', args }, surroundings.folder);
  return {
    ...server,
    async report() {
      rmSync(reportFile, { force: true });
      process.kill(server.pid, 'SIGUSR2');
      for (let waitedMs = 0; waitedMs < REPORT_MS; waitedMs += POLL_MS) {
        await delay(POLL_MS);
        const report = readReport(reportFile);
        if (report) return report;
      }
      throw new Error(`expected a report of the gateway within ${REPORT_MS} ms`);
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

function readReport(file: string): InsideReport | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as InsideReport;
  } catch {
    return undefined; // not there yet, or half of it
  }
}
