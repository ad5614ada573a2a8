/** Receivers of notifications on loopback, and a notification to send them. */
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import type { Delivery, Notification } from '../../src/domain/approval/notification.ts';
import type { NotificationSettings } from '../../src/domain/config.ts';
import { isSyncError, type SyncError } from '../../src/domain/errors.ts';
import { openNotifier, type Progress } from '../../src/notify/notifier.ts';

export const SECRET = 'a-secret-of-the-tests';

/** Far longer than a busy machine takes; tests that wait for it set a shorter one. */
export const PATIENT_MS = 60_000;

export function notification(more: Partial<Notification> = {}): Notification {
  return {
    id: 'conflict/7f3c/1/proposed',
    about: 'proposed',
    title: 'employees 42: salary (waits for a decision, round 1)',
    conflictId: '7f3c',
    entity: 'employees',
    row: '42',
    round: 1,
    to: [{ kind: 'role', role: 'payroll' }],
    requester: { device: 'tablet-9', deviceUser: 'anna', author: null },
    text: '## employees `42`: waits for a decision\n\n- **Round:** 1\n',
    links: [{ label: 'Temporal', url: 'https://temporal.example.com/w/1?a=b&c=d' }],
    ...more,
  };
}

export type Received = {
  readonly method: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
};

export type Receiver = {
  readonly url: string;
  readonly received: readonly Received[];
  /** Resolves when a request has come in, answered or not. */
  readonly firstRequest: Promise<void>;
};

/** An HTTP server that answers as it is told, after it has read the body. */
export async function startReceiver(
  answer: (response: ServerResponse, count: number) => void = (response) => response.end('ok'),
): Promise<Receiver> {
  const received: Received[] = [];
  let arrived: () => void = () => undefined;
  const firstRequest = new Promise<void>((resolve) => {
    arrived = resolve;
  });
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const { method = '', headers } = request;
      received.push({ method, headers, body: Buffer.concat(parts).toString('utf8') });
      answer(response, received.length);
      arrived();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}/hook?token=hidden`, received, firstRequest };
}

/** A port on which nobody listens: one that was free a moment ago. */
export async function deadPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

export type Warning = { readonly fields: Readonly<Record<string, unknown>>; readonly message: string };

export type Opened = {
  readonly send: (
    given?: Partial<Notification>,
    more?: { signal?: AbortSignal } & Progress,
  ) => Promise<Delivery[]>;
  readonly close: () => Promise<void>;
  readonly warnings: readonly Warning[];
};

/** Channels that are not given there are none of. */
export function notifierOf(settings: Partial<NotificationSettings>): Opened {
  const warnings: Warning[] = [];
  const logger = {
    warn: (fields: Readonly<Record<string, unknown>>, message: string) => {
      warnings.push({ fields, message });
    },
  };
  const notifier = openNotifier({ webhook: null, slack: null, smtp: null, ...settings }, logger);
  onTestFinished(() => notifier.close());
  return {
    send: (given = {}, { signal = new AbortController().signal, ...progress } = {}) =>
      notifier.send(notification(given), signal, progress),
    close: () => notifier.close(),
    warnings,
  };
}

export async function failureOf(work: Promise<unknown>): Promise<SyncError> {
  const error = await work.then(
    () => new Error('it was sent'),
    (failure: unknown) => failure,
  );
  if (isSyncError(error, 'NOTIFY_FAILED')) return error;
  throw error;
}
