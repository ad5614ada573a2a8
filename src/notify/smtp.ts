/** Mail by SMTP: one message to all addresses, each of which is delivered, refused or failed by itself. */
import { createTransport, type NodemailerError } from 'nodemailer';
import type { Delivery } from '../domain/approval/notification.ts';
import type { SmtpSettings } from '../domain/config.ts';
import { formatDuration } from '../domain/duration.ts';
import { type Channel, STOPPED } from './channel.ts';
import { mailOf } from './mail.ts';
import { addressesFor } from './recipients.ts';

type Failure = Pick<Delivery, 'outcome' | 'why'>;

const NO_ADDRESS: Delivery = {
  channel: 'smtp',
  to: null,
  outcome: 'unaddressed',
  why: 'notifications.smtp.recipients has no address for it',
};

export function openSmtp(settings: SmtpSettings): Channel {
  const { from, recipients, timeoutMs } = settings;
  const server = `${settings.host}:${settings.port}`;
  const transport = createTransport(transportOptions(settings));
  return {
    name: 'smtp',
    at: server,
    probe: async (signal) => {
      const deadline = AbortSignal.timeout(timeoutMs);
      const ended = AbortSignal.any([signal, deadline]);
      const cutOff = new Promise<never>((_, reject) => {
        ended.addEventListener('abort', () => reject(ended.reason), { once: true });
      });
      // It has no signal of its own; what goes on after the end is bounded by the transport's time-outs.
      return Promise.race([transport.verify(), cutOff]).then(
        () => null,
        (error: NodemailerError) => {
          if (signal.aborted) return STOPPED;
          return deadline.aborted
            ? `${server} did not answer within ${formatDuration(timeoutMs)}`
            : failureBy(server, error).why;
        },
      );
    },
    tell: async (notification, { signal, settled }) => {
      const mine = settled.filter(({ channel }) => channel === 'smtp');
      const all = addressesFor(notification, recipients);
      const open = all.filter((address) => !mine.some(({ to }) => to === address));
      if (all.length === 0 && mine.length === 0) return { deliveries: [NO_ADDRESS], retryAfterMs: null };
      if (open.length === 0) return { deliveries: [], retryAfterMs: null };
      const deadline = AbortSignal.timeout(timeoutMs);
      const mail = {
        ...mailOf(notification, from),
        to: all,
        envelope: { from: from.address, to: open },
        signal: AbortSignal.any([signal, deadline]),
      };
      const failureOf = await transport.sendMail(mail).then(
        ({ rejectedErrors }) => perAddress(server, rejectedErrors as NodemailerError[] | undefined, null),
        (error: NodemailerError) => {
          const late = `${server} did not take the mail within ${formatDuration(timeoutMs)}`;
          const cutOff = signal.aborted ? STOPPED : deadline.aborted ? late : null;
          const others = cutOff === null ? failureBy(server, error) : failed(cutOff);
          return perAddress(server, error.rejectedErrors as NodemailerError[] | undefined, others);
        },
      );
      return { deliveries: open.map((to) => deliveryTo(to, failureOf(to))), retryAfterMs: null };
    },
  };
}

function transportOptions({ host, port, secure, login, ca, timeoutMs }: SmtpSettings) {
  return {
    host,
    port,
    secure: secure === 'tls',
    // Whoever stands between could take the offer of TLS away, so it is asked for or not used at all.
    requireTLS: secure === 'startTls',
    ignoreTLS: secure === 'none',
    ...(login !== null && { auth: { user: login.user, pass: login.password }, forceAuth: true }),
    tls: { minVersion: 'TLSv1.2', ...(ca !== null && { ca }) },
    connectionTimeout: timeoutMs,
    greetingTimeout: timeoutMs,
    socketTimeout: timeoutMs,
    dnsTimeout: timeoutMs,
    socketCloseTimeout: 0,
  } as const;
}

function deliveryTo(to: string, failure: Failure | null): Delivery {
  return failure === null
    ? { channel: 'smtp', to, outcome: 'delivered', why: null }
    : { channel: 'smtp', to, ...failure };
}

/** A server answers for each address by itself; `others` is what became of those that it did not speak of. */
function perAddress(
  server: string,
  rejected: readonly NodemailerError[] | undefined,
  others: Failure | null,
): (address: string) => Failure | null {
  const known = new Map(
    (rejected ?? []).map((error) => [error.recipient?.toLowerCase() ?? '', failureBy(server, error)]),
  );
  return (address) => known.get(address.toLowerCase()) ?? others;
}

function failureBy(server: string, error: NodemailerError): Failure {
  const { code = 'no reason given', responseCode, response = '' } = error;
  if (responseCode === undefined) return failed(`${server} could not be used (${code})`);
  // The rest of an answer is the server's own prose, which may repeat anything.
  const enhanced = /\b[245]\.\d{1,3}\.\d{1,3}\b/.exec(response)?.[0];
  const why = `${server} answered ${[responseCode, enhanced].filter(Boolean).join(' ')}${WHERE[code] ?? ''}`;
  // A 5xx to anything else says that there is no session, which is nothing about this mail.
  return error.permanent === true && FINAL.has(code) ? { outcome: 'refused', why } : failed(why);
}

const FINAL: ReadonlySet<string> = new Set(['EAUTH', 'EENVELOPE', 'EMESSAGE']);

const WHERE: Readonly<Record<string, string>> = {
  EAUTH: ' to the login',
  EENVELOPE: ' to the address',
  EMESSAGE: ' to the mail',
  ETLS: ' to STARTTLS',
};

function failed(why: string): Failure {
  return { outcome: 'failed', why };
}
