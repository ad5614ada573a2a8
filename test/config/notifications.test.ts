/** The section `notifications`: defaults, secrets, and what a person reads after a mistake. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { env } from '../../src/domain/env-ref.ts';
import { parseAddress, parseMailbox } from '../../src/domain/mailbox.ts';
import { redact } from '../../src/domain/redact.ts';
import { changed, ENVIRONMENT, parsed, refusal, smallConfig, type Written } from './configs.ts';

const VARIABLES = {
  ...ENVIRONMENT,
  HOOK_SECRET: 'Zu8-hook-secret-of-32-characters',
  SLACK_URL: 'https://hooks.slack.example/services/T0/B0/Zu8-slack',
  SMTP_USER: 'mailer',
  SMTP_PASSWORD: 'Zu8-mail-pass',
  SHORT: 'Zu8-short',
};
const webhook = { url: 'https://hooks.example.com/s', secret: env('HOOK_SECRET') };
const smtp = {
  host: 'mail.example.com',
  from: 'sync@example.com',
  recipients: { default: 'team@example.com' },
};

const settings = (notifications: Written) => parsed(changed({ notifications }), VARIABLES).notifications;
const wrong = (notifications: Written) => refusal(changed({ notifications }), VARIABLES);

test('without the section there is no channel', () => {
  expect(parsed(smallConfig()).notifications).toEqual({ webhook: null, slack: null, smtp: null });
});

test('all channels, with their defaults', () => {
  const login = { user: env('SMTP_USER'), password: env('SMTP_PASSWORD') };
  const recipients = {
    default: ['Team@Example.COM'],
    roles: { cfo: ['cfo@example.com', 'office@example.com'] },
    people: { 'Anna B.': 'anna@example.com' },
  };
  const from = 'Syncline at X <sync@example.com>';
  const given = { webhook, slack: { url: env('SLACK_URL') }, smtp: { ...smtp, ...login, from, recipients } };
  expect(settings(given)).toEqual({
    webhook: { url: webhook.url, secret: VARIABLES.HOOK_SECRET, timeoutMs: 10_000 },
    slack: { url: VARIABLES.SLACK_URL, timeoutMs: 10_000 },
    smtp: {
      host: 'mail.example.com',
      port: 587,
      secure: 'startTls',
      login: { user: 'mailer', password: VARIABLES.SMTP_PASSWORD },
      ca: null,
      from: { name: 'Syncline at X', address: 'sync@example.com' },
      recipients: {
        default: ['Team@example.com'],
        roles: { cfo: ['cfo@example.com', 'office@example.com'] },
        people: { 'Anna B.': ['anna@example.com'] },
      },
      timeoutMs: 30_000,
    },
  });
});

test.each([
  [{}, 587, 'startTls'],
  [{ port: 465 }, 465, 'tls'],
  [{ port: 2525 }, 2525, 'startTls'],
  [{ secure: 'tls' }, 465, 'tls'],
  [{ secure: 'none' }, 25, 'none'],
  [{ secure: 'startTls', port: 465 }, 465, 'startTls'],
])('%j is port %i with %s', (more, port, secure) => {
  expect(settings({ smtp: { ...smtp, ...more } }).smtp).toMatchObject({ port, secure });
});

test('it is no part of what a run is started with', () => {
  const hashOf = (written: Written) => parsed(written, VARIABLES).pipelines.hr?.hash;
  expect(hashOf(changed({ notifications: { webhook } }))).toBe(hashOf(smallConfig()));
});

test('its secrets are hidden from what is printed', () => {
  settings({
    webhook,
    slack: { url: env('SLACK_URL') },
    smtp: { ...smtp, user: 'u', password: env('SMTP_PASSWORD') },
  });
  for (const name of ['HOOK_SECRET', 'SLACK_URL', 'SMTP_PASSWORD'] as const) {
    expect(redact(`x ${VARIABLES[name]} y`)).toBe('x [redacted] y');
  }
});

describe('mistakes', () => {
  test('the likeliest ones in full', () => {
    expect(
      wrong({
        webhook: { url: 'hooks.example.com' },
        slack: { url: 'https://hooks.slack.example/services/T0/B0/Zu8-written' },
        smtp: { ...smtp, secure: 'starttls', password: env('SMTP_PASSWORD'), from: 'Syncline' },
        email: {},
      }),
    ).toMatchInlineSnapshot(`
      "syncline.config.ts has 6 problems:
        notifications.slack.url is a secret, so it may not stand in the file. Write env('SLACK_URL') and set that variable.
        notifications.webhook.url is no HTTP address (it is "hooks.example.com"). Write one that begins with https:// or http://.
        notifications.webhook.secret is missing. Write secret: env('WEBHOOK_SECRET'), which the receiver has too.
        notifications.smtp.secure is not one of the choices (it is "starttls"). Did you mean 'startTls'?
        notifications.smtp.from is no mail address (it is "Syncline"). Write it like 'Syncline <syncline@example.com>'.
        notifications.email is not an option. Choose from: webhook, slack, smtp."
    `);
  });

  test.each<[string, Written, string]>([
    ['nothing in it', {}, 'notifications is empty. Add webhook, slack or smtp, or remove it.'],
    [
      'a secret in the file',
      { webhook: { ...webhook, secret: 'x'.repeat(40) } },
      'notifications.webhook.secret is a secret, so it may not stand in the file',
    ],
    [
      'a short secret',
      { webhook: { ...webhook, secret: env('SHORT') } },
      'notifications.webhook.secret is too short to be a secret. Make one of at least 16 characters: openssl rand -hex 32.',
    ],
    [
      'a password in an address',
      { webhook: { ...webhook, url: 'https://me:Zu8-word@hooks.example.com' } },
      'notifications.webhook.url has a password in it',
    ],
    [
      'a user in an address',
      { webhook: { ...webhook, url: 'https://me@hooks.example.com' } },
      'has a user or password in it. Leave them out; the signature proves who sends.',
    ],
    [
      'another protocol',
      { webhook: { ...webhook, url: 'ftp://hooks.example.com' } },
      'notifications.webhook.url is no HTTP address. Write one that begins with https:// or http://.',
    ],
    [
      'a time-out of nothing',
      { webhook: { ...webhook, timeout: '1 ms' } },
      'notifications.webhook.timeout is out of range',
    ],
    [
      'no sender',
      { smtp: { ...smtp, from: undefined } },
      "notifications.smtp.from is missing. Write from: 'Syncline <syncline@example.com>'.",
    ],
    [
      'no recipients',
      { smtp: { ...smtp, recipients: undefined } },
      "notifications.smtp.recipients is missing. Write recipients: { default: ['team@example.com'] }.",
    ],
    [
      'roles but no default',
      { smtp: { ...smtp, recipients: { roles: { cfo: 'c@x.de' } } } },
      "notifications.smtp.recipients.default is missing. Write default: ['team@example.com']",
    ],
    [
      'nobody',
      { smtp: { ...smtp, recipients: { default: [] } } },
      'notifications.smtp.recipients.default is an empty list',
    ],
    [
      'a name for an address',
      { smtp: { ...smtp, recipients: { default: ['team'] } } },
      'notifications.smtp.recipients.default[0] is no mail address (it is "team"). Write it like \'someone@example.com\'.',
    ],
    [
      'two addresses in one',
      { smtp: { ...smtp, recipients: { default: 'a@x.de', people: { anna: 'a@x.de, b@x.de' } } } },
      'notifications.smtp.recipients.people.anna is no mail address',
    ],
    [
      'a user without a password',
      { smtp: { ...smtp, user: 'u' } },
      "notifications.smtp has a user but no password. Write user: env('SMTP_USER') and password: env('SMTP_PASSWORD'), or neither.",
    ],
    [
      'a password in plain sight',
      { smtp: { ...smtp, user: 'u', password: env('SMTP_PASSWORD'), secure: 'none' } },
      "notifications.smtp would send its password in plain sight: secure is 'none'. Write secure: 'startTls'.",
    ],
    ['a port that is none', { smtp: { ...smtp, port: 70_000 } }, 'notifications.smtp.port is out of range'],
    [
      'an option that does not exist',
      { smtp: { ...smtp, pasword: 'Zu8-written' } },
      'notifications.smtp.pasword is not an option. Did you mean "password"?',
    ],
  ])('%s', (_, notifications, message) => {
    const text = wrong(notifications);
    expect(text).toContain(message);
    expect(text).not.toContain('Zu8');
  });
});

describe('addresses', () => {
  test.each(['a@b', 'a.b+c@sub.example.com', "o'neil@example.com", 'A@EXAMPLE.com'])('%s', (address) => {
    expect(parseAddress(address)).toBe(`${address.split('@')[0]}@${address.split('@')[1]?.toLowerCase()}`);
  });

  test.each([
    '',
    'a',
    '@b',
    'a@',
    'a@b@c',
    'a b@c',
    'a@b c',
    'a@b\r\nRCPT TO:<x@y>',
    '<a@b>',
    'a@b,c@d',
    '.a@b',
    'a..b@c',
    'a@-b',
    'a@b-',
    'a@b..c',
    '"a"@b',
    `${'a'.repeat(250)}@b.de`,
  ])('%j is none', (text) => {
    expect(parseAddress(text)).toBeNull();
  });

  test('with a name', () => {
    expect(parseMailbox('a@b.de')).toEqual({ name: null, address: 'a@b.de' });
    expect(parseMailbox('Zoë, Sync <a@b.de>')).toEqual({ name: 'Zoë, Sync', address: 'a@b.de' });
    for (const text of [
      '<a@b.de>',
      'x <a>',
      'x\n<a@b.de>',
      '"x" <a@b.de>',
      'x <a@b.de> y',
      'x <a@b.de><c@d.de>',
    ]) {
      expect(parseMailbox(text)).toBeNull();
    }
  });

  test('nothing that ends a line or a command is in one', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary' }),
        fc.constantFrom('', '@', 'a@', '@b', '<a@b>'),
        (text, more) => {
          expect(parseAddress(`${text}${more}`) ?? '').not.toMatch(/[\s<>,;:"()\\]/);
        },
      ),
    );
  });
});
