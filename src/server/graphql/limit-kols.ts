import type { Plugin } from 'graphql-yoga';
import { refuseRoundedIds } from '../../schema/exact-ids.ts';
import { refuseTooManyKols } from '../../schema/kol-limit.ts';

/** Refuses a request as a whole, before anything runs, when it names too many KOLs or names them inexactly. */
export function limitKols(maxKols: number): Plugin {
  return {
    onExecute({ args, setResultAndStopExecution }) {
      const refusal = refuseRoundedIds(args.variableValues) ?? refuseTooManyKols({ ...args, maxKols });
      if (refusal === undefined) return;
      refusal.extensions['http'] = { status: 400, spec: true };
      setResultAndStopExecution({ errors: [refusal] });
    },
  };
}
