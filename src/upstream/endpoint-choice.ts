import type { EndpointName } from '../domain/link-index.ts';
import { ENDPOINTS, type Endpoint } from './endpoints.ts';

/** Which of the vendor's endpoints is asked. */
export interface EndpointChoice {
  current(): Endpoint;
  /** The endpoint that was asked is gone. @returns whether another one is asked from now on */
  isGone(endpoint: Endpoint): boolean;
}

/**
 * @param name `auto` starts on the deprecated endpoint and moves to its successor, once and for the life of the process
 * @param onMoved called when it has moved
 */
export function createEndpointChoice(name: EndpointName | 'auto', onMoved?: () => void): EndpointChoice {
  let current = ENDPOINTS[name === 'auto' ? 'kol-link-info' : name];
  const successor = ENDPOINTS['author-link-info'];

  return {
    current: () => current,
    isGone(endpoint) {
      if (name !== 'auto' || endpoint === successor) return false;
      if (current !== successor) {
        current = successor;
        onMoved?.();
      }
      return true;
    },
  };
}
