/** `notifications` with its defaults: which channels there are. */
import type { NotificationSettings, SmtpSettings } from '../domain/config.ts';
import { type Mailbox, parseAddress, parseMailbox } from '../domain/mailbox.ts';
import type { ParsedNotifications } from '../domain/notifications-schema.ts';

const HTTP_TIMEOUT_MS = 10_000;
const SMTP_TIMEOUT_MS = 30_000;
const PORTS = { tls: 465, startTls: 587, none: 25 } as const;

export function resolveNotifications(parsed: ParsedNotifications | undefined): NotificationSettings {
  const { webhook, slack, smtp } = parsed ?? {};
  return {
    webhook: webhook === undefined ? null : { secret: webhook.secret, ...httpOf(webhook) },
    slack: slack === undefined ? null : httpOf(slack),
    smtp: smtp === undefined ? null : resolveSmtp(smtp),
  };
}

function httpOf({ url, timeout = HTTP_TIMEOUT_MS }: { url: string; timeout?: number | undefined }) {
  return { url, timeoutMs: timeout };
}

function resolveSmtp(parsed: NonNullable<ParsedNotifications['smtp']>): SmtpSettings {
  const { host, user, password, ca = null, recipients } = parsed;
  const secure = parsed.secure ?? (parsed.port === PORTS.tls ? 'tls' : 'startTls');
  return {
    host,
    port: parsed.port ?? PORTS[secure],
    secure,
    login: user === undefined || password === undefined ? null : { user, password },
    ca,
    from: parseMailbox(parsed.from) as Mailbox,
    recipients: {
      default: recipients.default.map(normal),
      roles: eachNormal(recipients.roles),
      people: eachNormal(recipients.people),
    },
    timeoutMs: parsed.timeout ?? SMTP_TIMEOUT_MS,
  };
}

function eachNormal(
  given: Readonly<Record<string, readonly string[]>> = {},
): Readonly<Record<string, readonly string[]>> {
  return Object.fromEntries(Object.entries(given).map(([name, addresses]) => [name, addresses.map(normal)]));
}

/** The schema has seen that it is an address. */
function normal(address: string): string {
  return parseAddress(address) as string;
}
