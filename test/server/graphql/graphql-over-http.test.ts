import { serverAudits } from 'graphql-http';
import { expect, test } from 'vitest';
import { startTestGateway } from '../../support/test-gateway.ts';

test('every audit of the GraphQL over HTTP specification passes', async () => {
  await using gateway = await startTestGateway();
  const audits = serverAudits({ url: `${gateway.origin}/graphql` });

  const failures: string[] = [];
  for (const audit of audits) {
    const result = await audit.fn();
    if (result.status !== 'ok') failures.push(`${result.status} ${result.id} ${result.name}: ${result.reason}`);
  }

  expect(failures).toEqual([]);
  expect(audits).toHaveLength(61);
});
