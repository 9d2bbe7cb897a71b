import { LocalCompose } from '@apollo/gateway';
import { composeServices, compositionHasErrors } from '@theguild/federation-composition';
import { parse } from 'graphql';

export interface Subgraph {
  readonly name: string;
  readonly url: string;
  readonly sdl: string;
}

/** Makes one supergraph of subgraphs. Rejects when they do not fit together. */
export type Composer = (subgraphs: readonly Subgraph[]) => Promise<string>;

/** What Hive composes with. */
export const composeByGuild: Composer = async (subgraphs) => {
  const result = composeServices(subgraphs.map(({ sdl, ...service }) => ({ ...service, typeDefs: parse(sdl) })));
  if (compositionHasErrors(result)) throw new Error(result.errors.map(({ message }) => message).join('\n'));
  return result.supergraphSdl;
};

/** What Rover composes with. */
export const composeByApollo: Composer = async (subgraphs) => {
  const localServiceList = subgraphs.map(({ sdl, ...service }) => ({ ...service, typeDefs: parse(sdl) }));
  const { supergraphSdl } = await new LocalCompose({ localServiceList }).initialize({
    update() {},
    async healthCheck() {},
    getDataSource: () => ({ process: () => Promise.reject(new Error('composing asks no subgraph')) }),
  });
  return supergraphSdl;
};
