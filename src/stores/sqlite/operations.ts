import type { DatabaseSync } from 'node:sqlite';
import { prepareAnswers } from './answers.ts';
import { prepareRates } from './rates.ts';
import { prepareSpending } from './spending.ts';
import { prepareTimeZones } from './time-zones.ts';

/** Everything that can be asked of the file, by name. */
export function prepareOperations(database: DatabaseSync) {
  return {
    ...prepareAnswers(database),
    ...prepareSpending(database),
    ...prepareRates(database),
    ...prepareTimeZones(database),
  };
}

export type Operations = ReturnType<typeof prepareOperations>;
