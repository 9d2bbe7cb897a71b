import { type Sandbox, startSandbox } from '../sandbox/sandbox-server.ts';

export interface SandboxCommandOptions {
  readonly port: number;
  readonly latencyMs: number;
}

/** The synthetic upstream alone, for teams that call the REST service themselves. */
export async function sandbox(options: SandboxCommandOptions, print: (line: string) => void): Promise<Sandbox> {
  const server = await startSandbox(options);
  print('kol-gateway sandbox: the synthetic upstream; any token is a good one');
  print(`  ${server.baseUrl}/api/douyin-xingtu/get-kol-link-info/v1?token=any&kolId=sandbox-sample`);
  print(`  ${server.baseUrl}/user/get-balance?token=any`);
  print(`  ${server.baseUrl}/status/api-example/detail?api=/api/douyin-xingtu/get-kol-link-info/v1`);
  return server;
}
