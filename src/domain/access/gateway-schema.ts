/** `gateway` of the configuration as a user writes it: who may call it over HTTP, and within which limits. */
import { z } from 'zod';
import {
  checked,
  count,
  duration,
  names,
  problem,
  secret,
  section,
  text,
  timeZone,
  word,
} from '../config-fields.ts';
import { whyNoCron } from '../cron.ts';

const MIN_SECRET_LENGTH = 32;
const MAX_MINUTES_15 = 15 * 60_000;

const signingSecret = checked(secret, (value) =>
  value.length >= MIN_SECRET_LENGTH
    ? null
    : problem(
        'is too short to sign tokens with',
        `Make one of at least ${MIN_SECRET_LENGTH} characters: openssl rand -hex 32.`,
      ),
);

const ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'HS256',
  'HS384',
  'HS512',
] as const;

const upTo15Minutes = checked(duration, (ms) =>
  ms >= 1_000 && ms <= MAX_MINUTES_15
    ? null
    : problem('is out of range', "Write '1 second' to '15 minutes'."),
);

const auth = checked(
  section({
    /** `iss` of the tokens. */
    issuer: text,
    /** `aud` of the tokens. */
    audience: text,
    /** Address of the issuer's public keys (JWKS). Instead of `secret`. */
    jwksUrl: checked(text, (value) =>
      URL.canParse(value) && /^https?:$/.test(new URL(value).protocol)
        ? null
        : problem('is no HTTP address', 'Write one that begins with https://.'),
    ).optional(),
    /** Shared with the issuer, for HS256 and its like. Instead of `jwksUrl`. */
    secret: signingSecret.optional(),
    /** No others are accepted. Default: ['RS256', 'ES256'] with `jwksUrl`, ['HS256'] with `secret`. */
    algorithms: z.array(z.enum(ALGORITHMS)).min(1, { error: 'is an empty list' }).optional(),
    /** Names of claims. Default: user 'sub', device 'device_id', roles 'roles', permissions 'permissions'. */
    claims: section({
      user: word.optional(),
      device: word.optional(),
      roles: word.optional(),
      permissions: word.optional(),
    }).optional(),
    /** Tokens that the gateway gives to devices when they register, for issuers that know users only. */
    deviceTokens: section({
      secret: signingSecret,
      /** At most, and by default, '15 minutes'. */
      lifetime: upTo15Minutes.optional(),
    }).optional(),
  }),
  ({ jwksUrl, secret: shared, algorithms = [] }) => {
    if ((jwksUrl === undefined) === (shared === undefined)) {
      return problem(
        shared === undefined ? 'has neither jwksUrl nor secret' : 'has both jwksUrl and secret',
        "Write jwksUrl: 'https://…/jwks.json' or secret: env('JWT_SECRET').",
      );
    }
    const stray = algorithms.find((algorithm) => algorithm.startsWith('HS') !== (shared !== undefined));
    return stray === undefined
      ? null
      : problem(
          `names ${stray}, which does not go with ${shared === undefined ? 'public keys' : 'a shared secret'}`,
          'Remove it.',
        );
  },
);

const partition = checked(
  section({
    /** Claim of the token that lists values, or names of `groups`; with `levels`, the highest level. */
    claim: word.optional(),
    /** Names that stand for several values: { NA: ['US', 'CA', 'MX'] }. */
    groups: z.record(z.string(), z.array(z.string()).min(1, { error: 'is an empty list' })).optional(),
    /** Ordered values, lowest first: rows of the level of the claim, and of all lower ones. */
    levels: z.array(z.string()).min(1, { error: 'is an empty list' }).optional(),
    /** A synced entity whose rows say which values a user has. Instead of `claim`. */
    membership: section({
      entity: word,
      /** Its mirror column with the user's name, as in the token. */
      user: word,
      /** Its mirror column with the value. */
      value: word,
    }).optional(),
  }),
  ({ claim, groups, levels, membership }) => {
    if ((claim === undefined) === (membership === undefined)) {
      return problem(
        claim === undefined ? 'has neither claim nor membership' : 'has both claim and membership',
        "Write { claim: 'regions' } or { membership: { entity, user, value } }.",
      );
    }
    if (membership !== undefined && (groups ?? levels) !== undefined) {
      return problem('has groups or levels, which go with claim only', 'Remove them.');
    }
    return groups !== undefined && levels !== undefined
      ? problem('has both groups and levels', 'Keep one of them.')
      : null;
  },
);

const rows = (most: number) =>
  section({
    /** Where the request names no number. */
    default: count({ min: 1, max: most }).optional(),
    /** More are refused. */
    max: count({ min: 1, max: most }).optional(),
  });

const rate = section({
  requests: count({ min: 1, max: 1_000_000 }),
  per: checked(duration, (ms) => (ms >= 100 ? null : problem('is too short', "Write at least '100 ms'."))),
});

export const gatewaySchema = section({
  /** Default '127.0.0.1'. */
  host: text.optional(),
  /** Default 8080. */
  port: count({ min: 0, max: 65_535 }).optional(),
  /** A login of PostgreSQL that owns no mirror, so that row level security holds for it. Default: the store's. */
  store: section({
    url: checked(text, (url) =>
      /^postgres(ql)?:\/\//.test(url)
        ? null
        : problem('is no PostgreSQL URL', 'Write postgres://user@host:5432/database.'),
    ),
    /** Default 10. */
    poolMax: count({ min: 2, max: 500 }).optional(),
  }).optional(),
  /** Who issues the tokens. */
  auth,
  /** Who sees which rows, by a name that entities refer to in `feed.partitions`. */
  partitions: z.record(word, partition).optional(),
  /** How long what somebody may do is remembered. Default '1 minute', at most '15 minutes'. */
  permissionsKept: upTo15Minutes.optional(),
  /** Rows of one pull. Default 1000, at most 5000. */
  pull: rows(50_000).optional(),
  /** Rows of one push. Default 100, at most 500. */
  push: rows(5_000).optional(),
  /** How long a push waits for its verdicts. Default '10 seconds'. */
  verdictWait: checked(duration, (ms) =>
    ms >= 100 && ms <= 60_000 ? null : problem('is out of range', "Write '100 ms' to '1 minute'."),
  ).optional(),
  /** Largest body of a request, packed and unpacked. Default 8 MB. */
  maxBodyBytes: count({ min: 1_024, max: 1_073_741_824 }).optional(),
  /** Apps of lower versions get 426: '2.4.0'. */
  minAppVersion: checked(word, (value) =>
    /^\d{1,6}(\.\d{1,6}){0,2}$/.test(value)
      ? null
      : problem('is no version', "Write up to three numbers, such as '2.4.0'."),
  ).optional(),
  /** Origins that browsers may call from. Default: none. */
  cors: section({
    origins: z
      .array(
        checked(word, (value) =>
          URL.canParse(value) && new URL(value).origin === value
            ? null
            : problem('is no origin', "Write scheme, host and port only: 'https://app.example.com'."),
        ),
      )
      .min(1, { error: 'is an empty list' }),
  }).optional(),
  limits: section({
    /** Of one device, or of one user without a device. Default 600 per minute. */
    device: rate.optional(),
    /** Of one address, before anything is known of the caller. Default 3000 per minute. */
    address: rate.optional(),
    /** Reads that go to the source, of one device or user. Default 60 per minute. */
    sourceReads: rate.optional(),
  }).optional(),
  /** Addresses or subnets of proxies whose X-Forwarded-For is believed. Default: none. */
  trustedProxies: names.optional(),
  tombstones: section({
    /** How long deleted rows are kept for devices that were away. Default '30 days'. */
    keep: duration.optional(),
    /** When older ones are removed, five fields. Default '17 3 * * *'. */
    cron: checked(word, (value) => {
      const why = whyNoCron(value);
      return why === null ? null : problem(`is no cron expression: ${why}`, "Write it like '0 3 * * *'.");
    }).optional(),
    /** IANA zone of `cron`. Default 'UTC'. */
    timeZone: timeZone.optional(),
  }).optional(),
});

export type ParsedGateway = z.output<typeof gatewaySchema>;
export type ParsedPartition = NonNullable<ParsedGateway['partitions']>[string];
