/** A failure of Redis, in its words. Not the client's own error: that one holds the command, which may be a password. */
export class RedisError extends Error {
  override readonly name = 'RedisError';
}

/** What an error reply says of the server as a whole, and not of the command that it answers. */
export interface Refusal {
  /** Whether what only reads is answered all the same. */
  readonly allowsReads: boolean;
  /** Whether a new connection may lead to a server that takes writes: the address may point to another one by now. */
  readonly maySucceedElsewhere: boolean;
}

/**
 * TRYAGAIN is not among them: while a slot of a Cluster moves, its scripts fail one by one, and every other slot works.
 * @see https://redis.io/docs/latest/develop/reference/protocol-spec/ for error prefixes, and `server.c` for what each stops
 */
const REFUSALS: Readonly<Record<string, Refusal>> = {
  // A primary that became a replica under a live connection: a failover.
  READONLY: { allowsReads: true, maySucceedElsewhere: true },
  // With `min-replicas-to-write`, a primary that was cut off from its replicas; one of them may be the primary now.
  NOREPLICAS: { allowsReads: true, maySucceedElsewhere: true },
  MASTERDOWN: { allowsReads: false, maySucceedElsewhere: true },
  CLUSTERDOWN: { allowsReads: false, maySucceedElsewhere: true },
  NOAUTH: { allowsReads: false, maySucceedElsewhere: true },
  // `maxmemory` under `noeviction`.
  OOM: { allowsReads: true, maySucceedElsewhere: false },
  // The disk does not take a snapshot.
  MISCONF: { allowsReads: true, maySucceedElsewhere: false },
  NOPERM: { allowsReads: true, maySucceedElsewhere: false },
  LOADING: { allowsReads: false, maySucceedElsewhere: false },
  BUSY: { allowsReads: false, maySucceedElsewhere: false },
};

/** Redis 6 puts what a command in a script was refused for into an `ERR` of its own. */
const REFUSED = new RegExp(`^(?:ERR Error running script .*: -)?(${Object.keys(REFUSALS).join('|')})\\b`, 's');
/** What Redis 6 and 7.0 say in place of NOPERM where a script meets it. */
const NOPERM_IN_SCRIPT = /^ERR .*The user executing the script can't /s;

/** Undefined for an error that is about one command. */
export function refusalIn({ message }: Error): Refusal | undefined {
  return REFUSALS[NOPERM_IN_SCRIPT.test(message) ? 'NOPERM' : (REFUSED.exec(message)?.[1] ?? '')];
}

const UNKNOWN_AUTHORITY =
  /self-signed certificate|unable to (verify the first|get local issuer|get issuer) certificate/;
const OTHER_HOST = /does not match certificate's altnames/;

/** What failed, without what was sent. */
export function wordsOf(error: Error): string {
  const { lastNodeError } = error as Error & { readonly lastNodeError?: Error };
  if (lastNodeError) return wordsOf(lastNodeError);
  // What ioredis throws when it looks for the node.
  if (error instanceof TypeError) return 'no node of the Cluster has the key';
  const words = error.message.replace(/,? with args beginning with.*$/s, '').slice(0, 200);
  if (UNKNOWN_AUTHORITY.test(words))
    return `the server's certificate comes from an authority that is not trusted here: ${words}. NODE_EXTRA_CA_CERTS can name it`;
  return OTHER_HOST.test(words) ? `the server's certificate is for another host: ${words}` : words;
}
