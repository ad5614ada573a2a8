/** Several channels at once: none suffers from another, and a later attempt leaves alone who was told. */
import { describe, expect, test } from 'vitest';
import { type Delivery, settledOf } from '../../src/domain/approval/notification.ts';
import { addressesFor } from '../../src/notify/recipients.ts';
import { failureOf, notification, notifierOf, PATIENT_MS, SECRET, startReceiver } from './kit.ts';
import { smtpSettings, startMailServer } from './mail-kit.ts';

async function startAll(webhookAnswers: readonly number[]) {
  const hook = await startReceiver((response, count) => {
    const status = webhookAnswers[count - 1] ?? 200;
    response.writeHead(status, status === 503 ? { 'retry-after': '7' } : {}).end();
  });
  const chat = await startReceiver();
  const mail = await startMailServer();
  const notifier = notifierOf({
    webhook: { url: hook.url, secret: SECRET, timeoutMs: PATIENT_MS },
    slack: { url: chat.url, timeoutMs: PATIENT_MS },
    smtp: smtpSettings(mail.port),
  });
  const counts = () => [hook.received.length, chat.received.length, mail.mails.length];
  return { notifier, counts, hook };
}

const names = (deliveries: readonly Delivery[]): string[] =>
  deliveries.map(({ channel, to, outcome }) => `${channel} ${to} ${outcome}`).sort();

const OTHERS = ['slack null delivered', 'smtp bert@example.com delivered', 'smtp cleo@example.com delivered'];

test('all channels are told', async () => {
  const { notifier, counts } = await startAll([]);
  expect(names(await notifier.send())).toEqual([...OTHERS, 'webhook null delivered']);
  expect(counts()).toEqual([1, 1, 1]);
});

test('no channel, nothing to do', async () => {
  expect(await notifierOf({}).send()).toEqual([]);
});

test('one that fails keeps nobody from being told, and is told alone afterwards', async () => {
  const { notifier, counts, hook } = await startAll([503, 500, 204]);
  const first = await failureOf(notifier.send());
  expect(first).toMatchObject({ code: 'NOTIFY_FAILED', retryable: true, details: { retryAfterMs: 7_000 } });
  expect(first.message).not.toMatch(/slack|smtp/);
  expect(names(settledOf(first.details))).toEqual(OTHERS);
  // As Temporal keeps it between two attempts.
  const kept: unknown = JSON.parse(JSON.stringify(first.details));
  const second = await failureOf(notifier.send({}, { settled: settledOf(kept) }));
  expect(second.details).not.toHaveProperty('retryAfterMs');
  const last = await notifier.send({}, { settled: settledOf(second.details) });
  expect(names(last)).toEqual([...OTHERS, 'webhook null delivered']);
  expect(counts()).toEqual([3, 1, 1]);
  expect(new Set(hook.received.map(({ headers }) => headers['syncline-id'])).size).toBe(1);
  expect(await notifier.send({}, { settled: last })).toEqual(last);
  expect(counts()).toEqual([3, 1, 1]);
});

test('a refusal is settled too', async () => {
  const { notifier, counts } = await startAll([404]);
  const deliveries = await notifier.send();
  expect(names(deliveries)).toEqual([...OTHERS, 'webhook null refused']);
  await notifier.send({}, { settled: deliveries });
  expect(counts()).toEqual([1, 1, 1]);
});

test('what is settled is told as it comes, before the slowest is done', async () => {
  let release: () => void = () => undefined;
  const slow = await startReceiver((response) => {
    release = () => response.end();
  });
  const chat = await startReceiver();
  const heard: string[][] = [];
  let hear: () => void = () => undefined;
  const isHeard = new Promise<void>((resolve) => {
    hear = resolve;
  });
  const sending = notifierOf({
    webhook: { url: slow.url, secret: SECRET, timeoutMs: PATIENT_MS },
    slack: { url: chat.url, timeoutMs: PATIENT_MS },
  }).send(
    {},
    {
      onSettled: (settled) => {
        heard.push(names(settled));
        hear();
      },
    },
  );
  await isHeard;
  await slow.firstRequest;
  release();
  await sending;
  expect(heard).toEqual([['slack null delivered'], ['slack null delivered', 'webhook null delivered']]);
});

test('what is cancelled before it begins tells nobody', async () => {
  const { notifier, counts } = await startAll([]);
  const reason = new Error('too late');
  await expect(notifier.send({}, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  expect(counts()).toEqual([0, 0, 0]);
});

describe('whom a mail goes to', () => {
  const known = {
    default: ['team@x.de', 'lead@x.de'],
    roles: { cfo: ['cfo@x.de'] },
    people: { anna: ['anna@x.de'], bert: ['bert@x.de', 'team@x.de'] },
  };
  const requester = { device: 'd1', deviceUser: 'anna', author: 'bert' };
  const { to: _, ...rest } = notification();

  test.each<[Parameters<typeof addressesFor>[0]['to'], string[]]>([
    [[], []],
    [[{ kind: 'person', name: 'anna' }], known.people.anna],
    [[{ kind: 'person', name: 'zoe' }], known.default],
    [[{ kind: 'person', name: 'evil@evil.example' }], known.default],
    [[{ kind: 'person', name: '__proto__' }], known.default],
    [[{ kind: 'role', role: 'cfo' }], known.roles.cfo],
    [[{ kind: 'role', role: 'toString' }], known.default],
    [[{ kind: 'requester' }], known.people.bert],
    [[{ kind: 'resolvers', resolvers: 'anyone' }], known.default],
    [[{ kind: 'resolvers', resolvers: 'author' }], known.people.bert],
    [[{ kind: 'resolvers', resolvers: 'deviceUser' }], known.people.anna],
    [[{ kind: 'resolvers', resolvers: { role: 'cfo' } }], known.roles.cfo],
    [[{ kind: 'resolvers', resolvers: { role: 'none' } }], known.default],
    [
      [{ kind: 'requester' }, { kind: 'resolvers', resolvers: 'anyone' }],
      ['bert@x.de', 'team@x.de', 'lead@x.de'],
    ],
  ])('%j', (to, expected) => {
    expect(addressesFor({ ...rest, to, requester }, known)).toEqual(expected);
  });

  test('a requester without an author is the device’s user, and without an address nobody', () => {
    const to = [{ kind: 'requester' }] as const;
    const of = (names: Partial<typeof requester> | { author: null }) =>
      addressesFor({ to, requester: { ...requester, ...names } }, known);
    expect(of({ author: null })).toEqual(known.people.anna);
    expect(of({ author: 'zoe' })).toEqual(known.people.anna);
    expect(of({ author: 'zoe', deviceUser: 'zoe' })).toEqual([]);
  });
});
