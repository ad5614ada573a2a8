/** What `kind: 'postgres'` takes beside what every source takes. */
import { z } from 'zod';

const milliseconds = z.int().nonnegative();

export const postgresOptions = z.strictObject({
  /** `postgres://user:password@host:5432/database`, from the environment. */
  url: z.string().regex(/^postgres(ql)?:\/\//, 'must be a URL that begins with postgres://'),
  tls: z
    .strictObject({
      mode: z.enum(['disable', 'require', 'verify-ca', 'verify-full']),
      /** PEM texts. */
      ca: z.string().optional(),
      cert: z.string().optional(),
      key: z.string().optional(),
    })
    .optional(),
  /** Subtracted from every high mark: covers clocks and what commits between two looks (C3). */
  slackMs: milliseconds.default(10_000),
  /**
   * Transactions that are open longer are no longer waited for; what they write later under an earlier time is
   * missed until the next full run. Left out: every transaction is waited for.
   */
  maxTransactionMs: z.int().positive().optional(),
  /** Re-read by every increment where the source does not show all its transactions: a replica, hidden statistics. */
  degradedOverlapMs: milliseconds.default(15 * 60_000),
  /** How long a statement may work without sending a byte. */
  statementMaxMs: z
    .int()
    .min(1_000)
    .default(30 * 60_000),
  connectTimeoutMs: z.int().min(100).default(10_000),
  /** Silence after which a second connection asks whether the session still works. */
  silenceMs: z.int().min(100).default(5_000),
  /**
   * Errors of the source's own code whose text is meant for whoever wrote a change: SQLSTATEs (`P0001`, of RAISE
   * EXCEPTION), or classes of them by their first two characters. Texts of others are kept back.
   */
  raisedSqlStates: z
    .array(z.string().regex(/^[0-9A-Z]{2}([0-9A-Z]{3})?$/, 'must be a SQLSTATE or its first two characters'))
    .default(['P0001']),
});

export type PostgresOptions = z.infer<typeof postgresOptions>;
