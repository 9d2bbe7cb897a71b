import { printSchema } from 'graphql';
import { builder } from './builder.ts';
import './date-time.ts';
import './query.ts';

export const schema = builder.toSchema({ sortSchema: false });

/** The SDL as it is published in `schema.graphql`. */
export function printSdl(): string {
  return `${printSchema(schema)}\n`;
}
