/** What `kind: 'oracle'` takes beside what every source takes. */
import { z } from 'zod';

const milliseconds = z.int().nonnegative();

const tlsOptions = z.strictObject({
  /** Directory of `ewallet.pem` (thin mode), or of `cwallet.sso` (thick mode). */
  walletDir: z.string().min(1).optional(),
  /** Text of an `ewallet.pem`, where there is no directory. */
  walletContent: z.string().min(1).optional(),
  walletPassword: z.string().optional(),
  /** false: any certificate of the wallet's authorities is taken, whatever name it carries. */
  matchName: z.boolean().default(true),
  /** Distinguished name that the server's certificate must have, where it is not the host's. */
  serverName: z.string().min(1).optional(),
});

const poolOptions = z.strictObject({
  /** Sessions that stay open when nothing is to do. */
  min: z.int().nonnegative().default(0),
  /** Left out: `limits.concurrency` and 2 more, for marks and look-ups. */
  max: z.int().positive().optional(),
  /** Sessions opened at a time when one more is needed. */
  increment: z.int().positive().default(1),
  /** How long a read waits for a session before it fails with SOURCE_BUSY. */
  waitMs: milliseconds.default(60_000),
  /** A session beyond `min` that was not used for so long is closed. 0: never. */
  idleMs: milliseconds.default(60_000),
  /** A session is not used any more when it is so old. 0: no limit. */
  lifetimeMs: milliseconds.default(0),
  /** A session that was not used for so long is asked whether it still answers. */
  pingMs: milliseconds.default(60_000),
});

export const oracleOptions = z
  .strictObject({
    /** `host:1521/service`, a description in parentheses, or a name of tnsnames.ora in `configDir`. */
    connectString: z.string().min(1).optional(),
    /** Instead of `connectString`, with `service` or `sid`. */
    host: z.string().min(1).optional(),
    port: z.int().min(1).max(65_535).default(1521),
    service: z.string().min(1).optional(),
    sid: z.string().min(1).optional(),
    user: z.string().min(1),
    password: z.string().min(1),
    /** Directory of tnsnames.ora. */
    configDir: z.string().min(1).optional(),
    tls: tlsOptions.optional(),
    /** 'thick': through an Oracle Client, for servers that need native encryption or are older than 12.1. */
    mode: z.enum(['thin', 'thick']).default('thin'),
    /** Directory of the Oracle Client's libraries (thick mode); left out: where the system finds them. */
    clientDir: z.string().min(1).optional(),
    pool: poolOptions.prefault({}),
    /** Statements that a session keeps parsed. */
    statementCacheSize: z.int().nonnegative().default(30),
    connectTimeoutMs: z.int().min(100).default(10_000),
    /** How long one call to the database may take; it is stopped there too. */
    callTimeoutMs: z
      .int()
      .min(1_000)
      .default(30 * 60_000),
    /** Silence after which a second connection asks whether the session still works. */
    silenceMs: z.int().min(100).default(5_000),
    /** Subtracted from every high mark: covers clocks and what commits between two looks (C3). */
    slackMs: milliseconds.default(10_000),
    /**
     * Transactions that are open longer are no longer waited for; what they write later under an earlier time is
     * missed until the next full run. Left out: every transaction is waited for.
     */
    maxTransactionMs: z.int().positive().optional(),
    /** Re-read by every increment where the source does not show all its transactions: a standby, missing grants. */
    degradedOverlapMs: milliseconds.default(15 * 60_000),
  })
  .superRefine((options, context) => {
    for (const { path, message } of addressProblems(options)) {
      context.addIssue({ code: 'custom', path: [path], message });
    }
  })
  .meta({ keepsChangeLog: true });

export type OracleOptions = z.infer<typeof oracleOptions>;

type Address = Partial<Pick<OracleOptions, 'connectString' | 'host' | 'service' | 'sid'>>;

function addressProblems(options: Address & { pool: { min: number; max?: number | undefined } }) {
  const { connectString, host, service, sid, pool } = options;
  const problems: { path: string; message: string }[] = [];
  const say = (path: string, message: string) => problems.push({ path, message });
  if (connectString === undefined && host === undefined) say('connectString', 'is missing, and so is host');
  if (connectString !== undefined && (host ?? service ?? sid) !== undefined)
    say('connectString', 'says all of host, service and sid: leave them out, or leave it out');
  if (host !== undefined && (service === undefined) === (sid === undefined))
    say('host', 'needs either service or sid beside it');
  if (pool.max !== undefined && pool.min > pool.max) say('pool', 'has a min above its max');
  return problems;
}
