import { type Change, ChangeType, CriticalityLevel, diff } from '@graphql-inspector/core';
import { buildSchema } from 'graphql';

/**
 * What breaks clients of the last release without being named to them. A change is named by its path in backticks, say
 * `` `Kol.linkIndex.industryTag` ``, in a line of the changelog's newest section that begins with `- **breaking:**`. What
 * is merely dangerous, such as one more enum value, may be named and need not be.
 *
 * @returns a line for each, which begins with the path to name
 */
export async function unnamedBreakingChanges(
  releasedSdl: string,
  currentSdl: string,
  changelog: string,
): Promise<string[]> {
  const named = pathsNamedAsBreaking(changelog);
  const changes = await diff(buildSchema(releasedSdl), buildSchema(currentSdl));
  return changes
    .filter(isBreaking)
    .map(({ path, type, message }) => ({ path: path ?? type, message }))
    .filter(({ path }) => !named.has(path))
    .map(({ path, message }) => `${path}: ${message}`);
}

/** A default answers, and pays, for everybody who leaves the argument out, and without it the argument may be required. */
function isBreaking({ criticality, type }: Change): boolean {
  return criticality.level === CriticalityLevel.Breaking || type === ChangeType.FieldArgumentDefaultChanged;
}

/** Everything in backticks in the newest section's lines about breaking changes. */
function pathsNamedAsBreaking(changelog: string): Set<string> {
  const newest = changelog.split(/^## /m)[1] ?? '';
  const lines = newest.split('\n').filter((line) => line.startsWith('- **breaking:**'));
  return new Set(lines.flatMap((line) => [...line.matchAll(/`([^`]+)`/g)].map(([, path = '']) => path)));
}
