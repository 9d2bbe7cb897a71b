import { GraphQLError } from 'graphql';
import { builder } from './builder.ts';

builder.scalarType('DateTime', {
  description: 'A point in time in UTC as RFC 3339 text with milliseconds, for example 2026-11-22T15:04:05.678Z.',
  specifiedByURL: 'https://www.rfc-editor.org/rfc/rfc3339',
  serialize: (date) => date.toISOString(),
  parseValue: () => {
    throw new GraphQLError('DateTime is given by this API and never taken.');
  },
});
