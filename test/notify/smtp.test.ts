import { type AddressInfo, createServer, type Socket } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Notification } from '../../src/domain/approval/notification.ts';
import type { SmtpSettings } from '../../src/domain/config.ts';
import { deadPort, failureOf, notifierOf, PATIENT_MS } from './kit.ts';
import { answer, type Mail, readMail, smtpSettings, startMailServer } from './mail-kit.ts';
import { TEST_CERT, TEST_KEY } from './tls-fixture.ts';

const smtp = (port: number, more: Partial<SmtpSettings> = {}) => ({ smtp: smtpSettings(port, more) });
const at = (to: string) => ({ channel: 'smtp', to, outcome: 'delivered', why: null });

/** The one mail that this notification makes. */
async function mailOf(given: Partial<Notification>): Promise<Mail & ReturnType<typeof readMail>> {
  const { port, mails } = await startMailServer();
  await notifierOf(smtp(port)).send(given);
  expect(mails).toHaveLength(1);
  const [mail] = mails as [Mail];
  return { ...mail, ...readMail(mail.raw) };
}

test('one mail to all addresses, as text and HTML', async () => {
  const { port, mails } = await startMailServer();
  const to: Notification['to'] = [{ kind: 'role', role: 'payroll' }, { kind: 'requester' }];
  expect(await notifierOf(smtp(port)).send({ to })).toEqual([
    at('bert@example.com'),
    at('cleo@example.com'),
    at('anna@example.com'),
  ]);
  expect(mails).toHaveLength(1);
  const [mail] = mails as [Mail];
  expect(mail).toMatchObject({
    from: 'syncline@example.com',
    to: ['bert@example.com', 'cleo@example.com', 'anna@example.com'],
  });
  const { headers, subject, text, html } = readMail(mail.raw);
  expect(subject).toBe('Decision needed: employees 42: salary (waits for a decision, round 1)');
  expect(headers.get('from')).toBe('Syncline <syncline@example.com>');
  expect(headers.get('to')).toBe('bert@example.com, cleo@example.com, anna@example.com');
  expect(headers.get('auto-submitted')).toBe('auto-generated');
  expect(headers.get('syncline-id')).toBe('conflict/7f3c/1/proposed');
  expect(text).toContain(
    'For role payroll, who made the change\n\nTemporal: https://temporal.example.com/w/1?a=b&c=d',
  );
  expect(text).toContain('## employees `42`: waits for a decision\n\n- **Round:** 1\n');
  expect(html).toContain('<a href="https://temporal.example.com/w/1?a=b&amp;c=d">Temporal</a>');
  expect(html).toContain('<ul><li><b>Round:</b> 1</li></ul>');
});

test('a notification is one message at every attempt, a conflict one thread', async () => {
  const ids = async (given: Partial<Notification>) => {
    const { headers } = await mailOf(given);
    return { message: headers.get('message-id'), thread: headers.get('references') };
  };
  const first = await ids({ id: 'a' });
  expect(first.message).toMatch(/^<notification\.[0-9a-f]{32}@example\.com>$/);
  expect(first.thread).toMatch(/^<conflict\.[0-9a-f]{32}@example\.com>$/);
  expect(await ids({ id: 'a' })).toEqual(first);
  expect(await ids({ id: 'b' })).toEqual({
    message: expect.not.stringMatching(first.message ?? ''),
    thread: first.thread,
  });
});

describe('hostile texts', () => {
  test('line breaks make no header', async () => {
    const { headers, subject, to } = await mailOf({
      id: 'x\r\nBcc: id@evil.example',
      title: 'a\r\nBcc: title@evil.example\r\n\r\nbody\u2028Cc: c@evil.example\u0085d\0e',
    });
    expect(headers.has('bcc')).toBe(false);
    expect(headers.has('cc')).toBe(false);
    expect(to).toEqual(['bert@example.com', 'cleo@example.com']);
    expect(subject).toBe('Decision needed: a Bcc: title@evil.example body Cc: c@evil.example d e');
  });

  test('markup stays text', async () => {
    const evil = '<script>alert(1)</script>"\'&';
    const { html, text } = await mailOf({
      title: evil,
      text: evil,
      links: [{ label: evil, url: 'https://a.example/"><x>' }],
    });
    expect(html).not.toMatch(/<script|<x>|""/);
    expect(html).toContain('&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;&amp;');
    expect(html).toContain('<a href="https://a.example/%22%3E%3Cx%3E">');
    expect(text).toContain(evil);
  });

  test('emoji, directions and halves of characters', async () => {
    const { subject, text } = await mailOf({
      title: '👩‍👩‍👧 Zoë \u202Egnp.exe\u2069 \ud800!',
      text: 'é 👍 \udfff\u0007',
    });
    expect(subject).toBe('Decision needed: 👩‍👩‍👧 Zoë gnp.exe \uFFFD!');
    expect(text).toContain('é 👍 \uFFFD\n');
  });

  test('a title or page of any length', async () => {
    const { subject, text } = await mailOf({ title: '👍'.repeat(10_000), text: 'ab '.repeat(100_000) });
    expect(subject).toBe(`Decision needed: ${'👍'.repeat(249)}…`);
    expect(text.length).toBeLessThan(51_000);
  });

  test('a line that is only a full stop ends nothing', async () => {
    expect((await mailOf({ text: 'a\n.\nb\n..\nc' })).text).toContain('a\n.\nb\n..\nc');
  });
});

describe('addresses are told one by one', () => {
  test('refused, deferred and taken; a later attempt goes to who is left', async () => {
    const deferred = new Set(['cleo@example.com']);
    const { port, mails } = await startMailServer({
      onRcptTo: ({ address }, _, done) => {
        if (address === 'bert@example.com') done(answer(550, '5.1.1 No such user employees 42'));
        else if (deferred.has(address)) done(answer(451, '4.7.1 Greylisted'));
        else done();
      },
    });
    const notifier = notifierOf(smtp(port));
    const to: Notification['to'] = [
      { kind: 'role', role: 'payroll' },
      { kind: 'person', name: 'anna' },
    ];
    const server = `127.0.0.1:${port}`;
    const refused = {
      channel: 'smtp',
      to: 'bert@example.com',
      outcome: 'refused',
      why: `${server} answered 550 5.1.1 to the address`,
    };
    const { details } = await failureOf(notifier.send({ to }));
    expect(details).toEqual({
      notification: 'conflict/7f3c/1/proposed',
      settled: [refused, at('anna@example.com')],
      failed: [
        {
          channel: 'smtp',
          to: 'cleo@example.com',
          outcome: 'failed',
          why: `${server} answered 451 4.7.1 to the address`,
        },
      ],
    });
    expect(notifier.warnings).toHaveLength(1);
    deferred.clear();
    const settled = details.settled as never;
    expect(await notifier.send({ to }, { settled })).toEqual([
      refused,
      at('anna@example.com'),
      at('cleo@example.com'),
    ]);
    expect(mails.map((mail) => mail.to)).toEqual([['anna@example.com'], ['cleo@example.com']]);
  });

  test('all of them refused', async () => {
    const { port } = await startMailServer({ onRcptTo: (_, __, done) => done(answer(550, 'no')) });
    expect((await notifierOf(smtp(port)).send()).map(({ to, outcome }) => [to, outcome])).toEqual([
      ['bert@example.com', 'refused'],
      ['cleo@example.com', 'refused'],
    ]);
  });

  test('nobody has an address', async () => {
    const { port, mails } = await startMailServer();
    const nobody = {
      to: [{ kind: 'requester' }],
      requester: { device: 'd', deviceUser: 'zoe', author: null },
    } as const;
    const [delivery, ...others] = await notifierOf(smtp(port)).send(nobody);
    expect(delivery).toMatchObject({ to: null, outcome: 'unaddressed' });
    expect([others, mails]).toEqual([[], []]);
  });
});

describe('TLS and login', () => {
  const secured = { key: TEST_KEY, cert: TEST_CERT, disabledCommands: [] as string[] };
  const onAuth: NonNullable<Parameters<typeof startMailServer>[0]>['onAuth'] = (
    { username, password },
    _,
    done,
  ) => (password === 'correct horse' ? done(null, { user: username }) : done(answer(535, '5.7.8 wrong')));
  const login = { user: 'mailer', password: 'correct horse' };
  const trusted = { host: 'localhost', ca: TEST_CERT, login };

  test.each<['startTls' | 'tls', boolean]>([
    ['startTls', false],
    ['tls', true],
  ])('%s', async (secure, isFromTheStart) => {
    const { port, mails } = await startMailServer({ ...secured, secure: isFromTheStart, onAuth });
    await notifierOf(smtp(port, { ...trusted, secure })).send();
    expect(mails).toMatchObject([{ isSecure: true, user: 'mailer' }]);
  });

  test('a wrong password is refused and not repeated', async () => {
    const { port, mails } = await startMailServer({ ...secured, onAuth });
    const wrong = {
      ...trusted,
      secure: 'startTls',
      login: { user: 'mailer', password: 'wrong horse' },
    } as const;
    const notifier = notifierOf(smtp(port, wrong));
    const why = `localhost:${port} answered 535 5.7.8 to the login`;
    expect(await notifier.send()).toMatchObject([
      { outcome: 'refused', why },
      { outcome: 'refused', why },
    ]);
    expect(JSON.stringify(notifier.warnings)).not.toContain('horse');
    expect(mails).toEqual([]);
  });

  test.each<[string, Partial<SmtpSettings>, Parameters<typeof startMailServer>[0]]>([
    ['a server that does not offer it', { secure: 'startTls', host: 'localhost' }, {}],
    [
      'a certificate of an unknown authority',
      { secure: 'startTls', host: 'localhost', login },
      { ...secured, onAuth },
    ],
    [
      'a certificate of another host',
      { secure: 'startTls', host: '127.0.0.2', ca: TEST_CERT, login },
      { ...secured, onAuth },
    ],
  ])('nothing is sent to %s', async (_, more, options) => {
    const { port, mails } = await startMailServer(options);
    const error = await failureOf(notifierOf(smtp(port, more)).send());
    expect(error.message).toMatch(/could not be used \(\w+\)$|answered 5\d\d .*to STARTTLS$/);
    expect(mails).toEqual([]);
  });

  test('a server without login gets no mail from who has one', async () => {
    const { port, mails } = await startMailServer({ ...secured, disabledCommands: ['AUTH'], onAuth });
    const notifier = notifierOf(smtp(port, { ...trusted, secure: 'startTls' }));
    expect(await notifier.send()).toMatchObject([{ outcome: 'refused' }, { outcome: 'refused' }]);
    expect(mails).toEqual([]);
  });
});

describe('to be tried again', () => {
  async function startTcp(talk: (socket: Socket) => void): Promise<number> {
    const sockets: Socket[] = [];
    const server = createServer((socket) => {
      sockets.push(socket);
      socket.on('error', () => undefined);
      talk(socket);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    });
    return (server.address() as AddressInfo).port;
  }

  test('nobody listens', async () => {
    const port = await deadPort();
    expect((await failureOf(notifierOf(smtp(port)).send())).message).toMatch(/could not be used \(\w+\)$/);
  });

  test.each<[string, (socket: Socket) => void, number, RegExp]>([
    [
      'says nothing',
      () => undefined,
      300,
      /did not take the mail within 300 ms|could not be used \(ETIMEDOUT\)/,
    ],
    [
      'hangs after its greeting',
      (socket) => socket.write('220 hello\r\n'),
      300,
      /did not take the mail within 300 ms|could not be used \(ETIMEDOUT\)/,
    ],
    ['hangs up', (socket) => socket.destroy(), PATIENT_MS, /could not be used \(\w+\)/],
    [
      'hangs up after its greeting',
      (socket) => socket.end('220 hello\r\n'),
      PATIENT_MS,
      /could not be used \(\w+\)/,
    ],
    ['speaks HTTP', (socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'), PATIENT_MS, /127\.0\.0\.1/],
    ['is busy', (socket) => socket.end('421 4.3.2 busy\r\n'), PATIENT_MS, /answered 421 4\.3\.2/],
  ])('a server that %s', async (...[, talk, timeoutMs, message]) => {
    const port = await startTcp(talk);
    const error = await failureOf(notifierOf(smtp(port, { timeoutMs })).send());
    expect(error.message).toMatch(message);
  });

  test('a mail that the server defers, as a whole', async () => {
    const { port } = await startMailServer({
      onData: (stream, _, done) => {
        stream.resume();
        stream.on('end', () => done(answer(452, '4.3.1 full')));
      },
    });
    expect((await failureOf(notifierOf(smtp(port)).send())).message).toMatch(
      /answered 452 4\.3\.1 to the mail$/,
    );
  });
});

test('a cancelled mail ends with the reason of its signal', async () => {
  let connected: () => void = () => undefined;
  const isConnected = new Promise<void>((resolve) => {
    connected = resolve;
  });
  const { port } = await startMailServer({ onConnect: () => connected() });
  const controller = new AbortController();
  const sending = notifierOf(smtp(port)).send({}, { signal: controller.signal });
  await isConnected;
  const reason = new Error('the activity is cancelled');
  controller.abort(reason);
  await expect(sending).rejects.toBe(reason);
});
