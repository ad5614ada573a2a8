/** What `syncline check` finds out about the channels: the way there by itself, a test message when it is asked for. */
import { type AddressInfo, createServer } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { expect, onTestFinished, test } from 'vitest';
import { checkNotifications } from '../../src/cli/check-notifications.ts';
import type { NotificationSettings } from '../../src/domain/config.ts';
import { deadPort, PATIENT_MS, SECRET, startReceiver } from './kit.ts';
import { answer, readMail, smtpSettings, startMailServer } from './mail-kit.ts';
import { TEST_CERT, TEST_KEY } from './tls-fixture.ts';

type Parts = { webhook?: string; slack?: string; smtp?: NotificationSettings['smtp'] };

function settings({ webhook, slack, smtp = null }: Parts, timeoutMs = PATIENT_MS): NotificationSettings {
  return {
    webhook: webhook === undefined ? null : { url: webhook, secret: SECRET, timeoutMs },
    slack: slack === undefined ? null : { url: slack, timeoutMs },
    smtp,
  };
}

const probed = (parts: Parts, timeoutMs?: number) =>
  checkNotifications(settings(parts, timeoutMs), { send: 'nothing' });
const tested = (parts: Parts) => checkNotifications(settings(parts), { send: 'test message' });

test('without channels there is nothing to say', async () => {
  expect(await probed({})).toEqual([]);
  expect(await tested({})).toEqual([]);
});

test('channels that can be reached are told nothing', async () => {
  const [hook, slack, mail] = [await startReceiver(), await startReceiver(), await startMailServer()];
  const found = await probed({ webhook: hook.url, slack: slack.url, smtp: smtpSettings(mail.port) });
  expect(found.map(({ subject, level }) => [subject, level])).toEqual([
    ['notifications by webhook', 'ok'],
    ['notifications by slack', 'ok'],
    ['notifications by smtp', 'ok'],
  ]);
  expect(found[0]?.message).toMatch(/^127\.0\.0\.1:\d+ can be reached; nothing was sent$/);
  expect(found[2]?.message).toContain('lets us in');
  expect([hook.received, slack.received, mail.mails]).toEqual([[], [], []]);
});

test('each channel that cannot be reached says why, and no address in full', async () => {
  const port = await deadPort();
  const url = `http://127.0.0.1:${port}/hook?token=hidden`;
  const found = await probed({ webhook: url, slack: url, smtp: smtpSettings(port) });
  expect(found.map(({ level, code }) => [level, code])).toEqual(
    Array.from({ length: 3 }, () => ['error', 'NOTIFY_FAILED']),
  );
  for (const { message } of found) expect(message).toMatch(/ECONNREFUSED|ESOCKET/);
  expect(JSON.stringify(found)).not.toContain('hidden');
});

test('a certificate that proves nothing is a problem, as when something is sent', async () => {
  const server = createTlsServer({ key: TEST_KEY, cert: TEST_CERT }, (socket) =>
    socket.on('error', () => {}),
  );
  server.on('tlsClientError', () => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => new Promise<void>((resolve) => server.close(() => resolve())));
  const { port } = server.address() as AddressInfo;
  const [found] = await probed({ webhook: `https://localhost:${port}/` });
  expect(found).toMatchObject({ level: 'error', message: expect.stringMatching(/SELF_SIGNED|UNABLE_TO/) });
});

test('a server that says nothing is not waited for', async () => {
  const silent = createServer((socket) => socket.on('error', () => undefined).resume());
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => new Promise<void>((resolve) => silent.close(() => resolve())));
  const { port } = silent.address() as AddressInfo;
  const found = await probed(
    { webhook: `https://127.0.0.1:${port}/`, smtp: smtpSettings(port, { timeoutMs: 200 }) },
    200,
  );
  expect(found.map(({ level }) => level)).toEqual(['error', 'error']);
  expect(found[0]?.message).toBe(`127.0.0.1:${port} did not answer within 200 ms`);
});

test('a login that the mail server refuses is found without a mail', async () => {
  const { port, mails } = await startMailServer({
    disabledCommands: ['STARTTLS'],
    allowInsecureAuth: true,
    onAuth: (_, __, done) => done(answer(535, 'no')),
  });
  const login = { user: 'syncline', password: 'a-wrong-password' };
  const [found] = await probed({ smtp: smtpSettings(port, { login }) });
  expect(found).toMatchObject({ level: 'error', message: expect.stringContaining('535 to the login') });
  expect(mails).toEqual([]);
});

test('a test message goes to every channel, and says that it is one', async () => {
  const [hook, mail] = [await startReceiver(), await startMailServer()];
  const slack = await startReceiver((response) => {
    response.statusCode = 404;
    response.end('no_team');
  });
  const found = await tested({ webhook: hook.url, slack: slack.url, smtp: smtpSettings(mail.port) });
  expect(found.map(({ subject, level }) => [subject, level]).sort()).toEqual([
    ['notifications by slack', 'error'],
    ['notifications by smtp', 'ok'],
    ['notifications by webhook', 'ok'],
  ]);
  const refused = found.find(({ level }) => level === 'error');
  expect(refused?.message).toContain('404 (no_team)');
  expect(JSON.parse(hook.received[0]?.body ?? '')).toMatchObject({
    about: 'test',
    id: expect.stringMatching(/^test\//),
  });
  expect(hook.received[0]?.headers['syncline-signature']).toMatch(/^t=\d+,v1=/);
  const { subject, text } = readMail(mail.mails[0]?.raw ?? '');
  expect(subject).toMatch(/^Test: /);
  expect(text).toContain('There is nothing to do.');
});

test('what a channel did not take now is told at once, not tried again', async () => {
  const failing = await startReceiver((response) => {
    response.statusCode = 503;
    response.end();
  });
  const found = await tested({ webhook: failing.url });
  expect(found).toMatchObject([
    { level: 'error', code: 'NOTIFY_FAILED', message: expect.stringContaining('503') },
  ]);
  expect(failing.received).toHaveLength(1);
});
