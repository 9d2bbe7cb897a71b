import { Agent, request } from 'undici';
import { type LinkIndex, linkIndexOf, type VendorBlocks } from '../workloads/scores.ts';

/** The peers that bring no HTTP client of their own get Node's fastest, on connections that stay open. */
const agent = new Agent({ keepAliveTimeout: 600_000 });

export const UPSTREAM = process.env['UPSTREAM'] as string;
export const CALL = '/api/douyin-xingtu/get-kol-link-info/v1';
/** So many answers does each peer remember, where it counts them, and for so long. */
export const MAX_ENTRIES = 100_000;
export const FRESH_MS = 3_600_000;

export interface Envelope {
  readonly code: number;
  readonly data: VendorBlocks | null;
}

export async function buyLinkIndex(kolId: string): Promise<LinkIndex> {
  const { body } = await request(`${UPSTREAM}${CALL}?token=bench&kolId=${kolId}`, { dispatcher: agent });
  return linkIndexFrom((await body.json()) as Envelope);
}

export function linkIndexFrom({ code, data }: Envelope): LinkIndex {
  if (code !== 0 || data === null) throw new Error(`the upstream answered with code ${code}`);
  return linkIndexOf(data);
}
