/** `notifications` of the configuration: who is told of conflicts besides the task in the store, and by which way. */
import { z } from 'zod';
import { checked, count, duration, problem, secret, section, text, whyNoUrl, word } from './config-fields.ts';
import { parseAddress, parseMailbox } from './mailbox.ts';

const MIN_SECRET_LENGTH = 16;
const MAX_TIMEOUT_MS = 120_000;

const whyNoHook = (value: string): ReturnType<typeof whyNoUrl> =>
  whyNoUrl(value, 'Leave them out; the signature proves who sends.');

const timeout = checked(duration, (ms) =>
  ms >= 100 && ms <= MAX_TIMEOUT_MS ? null : problem('is out of range', "Write '100 ms' to '2 minutes'."),
);

const webhook = section({
  /** Receives a POST with JSON. */
  url: checked(text, whyNoHook),
  /** Signs each body; the receiver has it too. */
  secret: checked(secret, (value) =>
    value.length >= MIN_SECRET_LENGTH
      ? null
      : problem(
          'is too short to be a secret',
          `Make one of at least ${MIN_SECRET_LENGTH} characters: openssl rand -hex 32.`,
        ),
  ),
  /** How long one attempt may take. Default '10 seconds'. */
  timeout: timeout.optional(),
});

const slack = section({
  /** Address of an incoming webhook; whoever knows it can write into the channel, so it is a secret. */
  url: checked(secret, whyNoHook),
  /** How long one attempt may take. Default '10 seconds'. */
  timeout: timeout.optional(),
});

const address = checked(text, (value) =>
  value.trim() === '' || parseAddress(value) !== null
    ? null
    : problem('is no mail address', "Write it like 'someone@example.com'."),
);

const addresses = z
  .union([address, z.array(address).min(1, { error: 'is an empty list' })], {
    error: 'must be a mail address or a list of them',
  })
  .transform((value): readonly string[] => (typeof value === 'string' ? [value] : value));

const recipients = section({
  /** Who decides where nobody in particular is named, or has no address below. */
  default: addresses,
  /** By role, as `resolvers` and `escalateTo` name them. */
  roles: z.record(word, addresses).optional(),
  /** By name, as devices, authors and assignments have it. */
  people: z.record(word, addresses).optional(),
});

const smtp = checked(
  section({
    host: text,
    /** Default 465 with `secure: 'tls'`, 587 with 'startTls', 25 with 'none'. */
    port: count({ min: 1, max: 65_535 }).optional(),
    /** 'tls': from the first byte; 'startTls': or nothing is sent; 'none'. Default: 'tls' at port 465, else 'startTls'. */
    secure: z.enum(['tls', 'startTls', 'none']).optional(),
    user: text.optional(),
    password: secret.optional(),
    /** Certificate of the authority, as PEM text, where the server's is not signed by a public one. */
    ca: text.optional(),
    /** `'Syncline <syncline@example.com>'` */
    from: checked(text, (value) =>
      value.trim() === '' || parseMailbox(value) !== null
        ? null
        : problem('is no mail address', "Write it like 'Syncline <syncline@example.com>'."),
    ),
    recipients,
    /** How long one attempt may take. Default '30 seconds'. */
    timeout: timeout.optional(),
  }),
  ({ user, password, secure }) => {
    if ((user === undefined) !== (password === undefined)) {
      return problem(
        user === undefined ? 'has a password but no user' : 'has a user but no password',
        "Write user: env('SMTP_USER') and password: env('SMTP_PASSWORD'), or neither.",
      );
    }
    return secure === 'none' && password !== undefined
      ? problem("would send its password in plain sight: secure is 'none'", "Write secure: 'startTls'.")
      : null;
  },
);

export const notificationsSchema = checked(
  section({
    /** Any receiver of HTTP: JSON with a signature. */
    webhook: webhook.optional(),
    /** An incoming webhook of Slack, or of what understands the same JSON. */
    slack: slack.optional(),
    /** Mail. */
    smtp: smtp.optional(),
  }),
  (given) =>
    Object.values(given).some((channel) => channel !== undefined)
      ? null
      : problem('is empty', 'Add webhook, slack or smtp, or remove it.'),
);

export type ParsedNotifications = z.output<typeof notificationsSchema>;
