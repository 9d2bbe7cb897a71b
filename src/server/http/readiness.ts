/** Whether this process should get traffic, as `/readyz` tells it. */
export type Readiness = 'starting' | 'ready' | 'draining';
