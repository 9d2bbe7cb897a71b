import { describe, expect, test } from 'vitest';
import { refusalIn, wordsOf } from '../../../src/stores/redis/redis-error.ts';

const inScript = (version: 6 | 7, words: string) =>
  version === 6
    ? `ERR Error running script (call to f_1028a5db): @user_script:4: @user_script: 4: -${words}`
    : `${words} script: 1028a5db, on @user_script:4.`;

describe('a refusal', () => {
  const REPLIES = [
    ["READONLY You can't write against a read only replica.", true, true],
    ['NOREPLICAS Not enough good replicas to write.', true, true],
    ["MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.", false, true],
    ['CLUSTERDOWN The cluster is down', false, true],
    ['NOAUTH Authentication required.', false, true],
    ["OOM command not allowed when used memory > 'maxmemory'.", true, false],
    ['MISCONF Redis is configured to save RDB snapshots, but is currently unable to persist to disk.', true, false],
    ["NOPERM User gateway has no permissions to run the 'eval' command", true, false],
    ['LOADING Redis is loading the dataset in memory', false, false],
    ['BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.', false, false],
  ] as const;

  test.each(REPLIES)('is "%s": reads are answered: %s, another connection may help: %s', (words, reads, elsewhere) => {
    const refusal = { allowsReads: reads, maySucceedElsewhere: elsewhere };
    for (const message of [words, inScript(6, words), inScript(7, words)])
      expect(refusalIn(new Error(message))).toEqual(refusal);
  });

  test.each([
    "ERR The user executing the script can't run this command or subcommand script: 3635, on @user_script:2.",
    "ERR The user executing the script can't access at least one of the keys mentioned in the command arguments",
    "ERR Error running script (call to f_3): @user_script:2: The user executing the script can't run this command or subcommand",
    "NOPERM ACL failure in script: User gateway has no permissions to run the 'set' command",
  ])('of a right that is missing in a script is "%s"', (message) => {
    expect(refusalIn(new Error(message))).toEqual({ allowsReads: true, maySucceedElsewhere: false });
  });

  test.each([
    'WRONGTYPE Operation against a key holding the wrong kind of value',
    'TRYAGAIN Multiple keys request during rehashing of slot',
    "ERR unknown command 'READONLY'",
    'ERR value is not an integer or out of range',
    'NOSCRIPT No matching script.',
    'READONLYISH',
    'Connection is closed.',
    '',
  ])('is not "%s"', (message) => {
    expect(refusalIn(new Error(message))).toBeUndefined();
  });
});

describe('the words of an error', () => {
  test.each([
    ['self-signed certificate in certificate chain', /authority that is not trusted here.*NODE_EXTRA_CA_CERTS/],
    ['unable to verify the first certificate', /authority that is not trusted here.*NODE_EXTRA_CA_CERTS/],
    [
      "Hostname/IP does not match certificate's altnames: Host: a. is not in the cert's altnames: DNS:b",
      /for another host: .*DNS:b/,
    ],
    ["ERR unknown command 'X', with args beginning with: 'secret'", /^ERR unknown command 'X'$/],
  ])('"%s" says what to look at', (message, words) => {
    expect(wordsOf(new Error(message))).toMatch(words);
  });

  test('of a Cluster are those of the node that was asked last', () => {
    const lastNodeError = new Error('connect ECONNREFUSED 127.0.0.1:1');
    expect(wordsOf(Object.assign(new Error('Failed to refresh slots cache.'), { lastNodeError }))).toBe(
      'connect ECONNREFUSED 127.0.0.1:1',
    );
  });
});
