import { printSubgraphSdl } from '../../src/schema/schema.ts';
import { type Behaviour, type ScriptedUpstream, startScriptedUpstream } from '../support/scripted-upstream.ts';
import { startTestGateway, type TestGateway } from '../support/test-gateway.ts';
import { CAMPAIGNS_SDL, startCampaigns } from './campaigns.ts';
import type { Subgraph } from './composers.ts';
import type { Router, RouterProduct } from './routers.ts';

/** From a client's query to the paid call, with a router in between. */
export interface Line extends AsyncDisposable {
  readonly router: Router;
  readonly gateway: TestGateway;
  readonly upstream: ScriptedUpstream;
  /** The ids of the KOLs that were paid for, in their order. */
  readonly bought: () => string[];
  /** How often the router has asked our gateway. */
  readonly asked: () => number;
}

export interface LineOptions {
  readonly product: RouterProduct;
  readonly upstream: Behaviour;
  /** What the gateway wants to see. */
  readonly gatewaySecret?: string;
  /** What the router sends. */
  readonly routerSecret?: string;
}

export function subgraphsAt(kolsUrl: string, campaignsUrl: string): Subgraph[] {
  return [
    { name: 'kols', url: kolsUrl, sdl: printSubgraphSdl() },
    { name: 'campaigns', url: campaignsUrl, sdl: CAMPAIGNS_SDL },
  ];
}

export async function startLine({ product, gatewaySecret, routerSecret, ...options }: LineOptions): Promise<Line> {
  await using starting = new AsyncDisposableStack();
  const upstream = starting.use(await startScriptedUpstream(options.upstream));
  const env = gatewaySecret === undefined ? {} : { SUBGRAPH_SECRET: gatewaySecret };
  const gateway = starting.use(await startTestGateway({ upstream, env }));
  const campaigns = starting.use(await startCampaigns());
  const url = `${gateway.origin}/graphql`;
  const router = starting.use(
    await product.start({ subgraphs: subgraphsAt(url, campaigns.url), secret: routerSecret }),
  );
  const running = starting.move();
  return {
    router,
    gateway,
    upstream,
    bought: () => upstream.calls.map(({ parameters }) => parameters.get('kolId') ?? ''),
    asked: () => router.requests.filter((each) => each === url).length,
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}
