import { expect, test } from 'vitest';
import type { Notification } from '../../src/domain/approval/notification.ts';
import { failureOf, notifierOf, PATIENT_MS, startReceiver } from './kit.ts';

type Message = {
  text: string;
  blocks: { type: string; text: { type: string; text: string; verbatim: boolean } }[];
};

async function sent(given: Partial<Notification>): Promise<Message> {
  const { url, received } = await startReceiver();
  await notifierOf({ slack: { url, timeoutMs: PATIENT_MS } }).send(given);
  expect(received).toHaveLength(1);
  return JSON.parse(received[0]?.body ?? '') as Message;
}

test('a message of text and blocks', async () => {
  const section = (text: string) => ({ type: 'section', text: { type: 'mrkdwn', text, verbatim: true } });
  expect(await sent({ about: 'reminded', to: [{ kind: 'person', name: 'anna' }] })).toEqual({
    text: 'Reminder: employees 42: salary (waits for a decision, round 1)',
    blocks: [
      section('*Reminder: employees 42: salary (waits for a decision, round 1)*\nFor anna'),
      section('• <https://temporal.example.com/w/1?a=b&amp;c=d|Temporal>'),
      section('*employees 42: waits for a decision*'),
      section('• *Round:* 1'),
    ],
  });
});

test('nobody is called and nothing linked by a title, a name or a page', async () => {
  const hostile = '<!channel> <@U123> @channel @Here <https://evil.example|click> & | *';
  const message = await sent({
    title: hostile,
    text: hostile,
    to: [
      { kind: 'person', name: hostile },
      { kind: 'resolvers', resolvers: { role: hostile } },
    ],
    links: [
      { label: hostile, url: 'https://ok.example/@channel?<|>' },
      { label: 'run', url: 'javascript:alert(1)' },
      { label: 'none', url: 'no address' },
    ],
  });
  const texts = [message.text, ...message.blocks.map(({ text }) => text.text)];
  const links = texts.filter((text) => /[<>]/.test(text));
  expect(links).toEqual([
    expect.stringMatching(
      /^• <https:\/\/ok\.example\/%40channel\?%3C(?:%7C|\|)?%3E\|&lt;!channel&gt; [^<>|]*>$/,
    ),
  ]);
  for (const text of texts) expect(text).not.toMatch(/@(channel|here)/i);
});

test('whom it is for, in words', async () => {
  const whom = async (to: Notification['to']): Promise<string | undefined> =>
    (await sent({ to })).blocks[0]?.text.text.split('\n')[1];
  expect(
    await whom([
      { kind: 'resolvers', resolvers: 'anyone' },
      { kind: 'resolvers', resolvers: 'deviceUser' },
      { kind: 'resolvers', resolvers: 'author' },
      { kind: 'resolvers', resolvers: { role: 'cfo' } },
      { kind: 'role', role: 'cfo' },
      { kind: 'requester' },
    ]),
  ).toBe('For everybody who decides, the device’s user, who made the change, role cfo');
  expect(await whom([])).toBe('For whom it may concern');
});

test('a page that is too long is cut to what Slack takes, and says so', async () => {
  const text = Array.from({ length: 200 }, (_, i) => `paragraph ${i} ${'<&>'.repeat(400)}`).join('\n\n');
  const { blocks } = await sent({ title: 'x'.repeat(5_000), text });
  expect(blocks).toHaveLength(50);
  expect(blocks.at(-1)?.text.text).toBe('…');
  for (const block of blocks) expect(block.text.text.length).toBeLessThanOrEqual(3_000);
});

test('what Slack gives as the reason is told, other texts are not', async () => {
  const answering = async (text: string): Promise<string | null | undefined> => {
    const { url } = await startReceiver((response) => response.writeHead(403).end(text));
    const [delivery] = await notifierOf({ slack: { url, timeoutMs: PATIENT_MS } }).send();
    return delivery?.why;
  };
  expect(await answering('action_prohibited')).toMatch(
    /^127\.0\.0\.1:\d+ answered 403 \(action_prohibited\)$/,
  );
  expect(await answering('<h1>employees 42</h1>')).toMatch(/^127\.0\.0\.1:\d+ answered 403$/);
});

test('its address is in no message', async () => {
  const { url } = await startReceiver((response) => response.writeHead(503).end());
  const error = await failureOf(notifierOf({ slack: { url, timeoutMs: PATIENT_MS } }).send());
  expect(JSON.stringify([error.message, error.details])).not.toContain('hook');
});
