import { BODY_FAULTS } from './body-faults.ts';
import { CODE_FAULTS } from './code-faults.ts';
import type { Fault } from './faults.ts';
import { TRANSPORT_FAULTS } from './transport-faults.ts';

/** Everything that is known to go wrong upstream, and what becomes of it. */
export const FAULTS: readonly Fault[] = [...TRANSPORT_FAULTS, ...BODY_FAULTS, ...CODE_FAULTS];
