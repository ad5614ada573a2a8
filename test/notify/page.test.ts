/** The page of a conflict in HTML and in Slack's markup: as it is meant, and never more than text. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { describeConflict } from '../../src/domain/approval/describe-conflict.ts';
import { mrkdwnSections } from '../../src/notify/mrkdwn.ts';
import { parsePage } from '../../src/notify/page.ts';
import { htmlOf } from '../../src/notify/page-html.ts';
import { opened } from '../domain/approval/kit.ts';

const PAGE = [
  '## employees `42`: waits',
  '',
  '- **Clashing fields:** `salary`, `` a`b ``',
  '- **Why:** over 10 \\% \\<b\\> \\*now\\*',
  '',
  'Being applied: **client**, decided',
  '',
  '### To decide',
  '',
  '```json',
  '{"decision":"client"}',
  '{"decision":"<b>"}',
  '```',
  '',
].join('\n');

const html = (text: string): string => htmlOf({ title: 't', addressedTo: 'For anna', text, links: [] });

test('the page is taken apart', () => {
  expect(parsePage(PAGE)).toEqual([
    {
      kind: 'heading',
      spans: [
        { kind: 'text', text: 'employees ' },
        { kind: 'code', text: '42' },
        { kind: 'text', text: ': waits' },
      ],
    },
    {
      kind: 'list',
      items: [
        [
          { kind: 'bold', text: 'Clashing fields:' },
          { kind: 'text', text: ' ' },
          { kind: 'code', text: 'salary' },
          { kind: 'text', text: ', ' },
          { kind: 'code', text: 'a`b' },
        ],
        [
          { kind: 'bold', text: 'Why:' },
          { kind: 'text', text: ' over 10 \\% <b> *now*' },
        ],
      ],
    },
    {
      kind: 'paragraph',
      spans: [
        { kind: 'text', text: 'Being applied: ' },
        { kind: 'bold', text: 'client' },
        { kind: 'text', text: ', decided' },
      ],
    },
    { kind: 'heading', spans: [{ kind: 'text', text: 'To decide' }] },
    { kind: 'code', text: '{"decision":"client"}\n{"decision":"<b>"}' },
  ]);
});

test.each<[string, string]>([
  ['ticks that do not end', 'a ``b` c'],
  ['stars that do not end', 'a **b'],
  ['stars around nothing', 'a **** b'],
  ['a backslash at the end', 'a \\'],
  ['a line that is far too long', `a ${'`'.repeat(5_000)}`],
])('%s stay text', (_, line) => {
  expect(parsePage(line)).toEqual([{ kind: 'paragraph', spans: [{ kind: 'text', text: line }] }]);
});

test('code that does not end goes to the end', () => {
  expect(parsePage('```\na\n\n- b')).toEqual([{ kind: 'code', text: 'a\n\n- b' }]);
});

test('the page of a conflict leaves no markup behind', () => {
  const page = describeConflict(opened({ conflict: { key: 'a`*b', reason: 'over 10 % **now**' } }), {
    workflowId: 'conflict/42',
    resolveCommand: 'syncline conflicts resolve 42',
    showCommand: 'syncline conflicts show 42',
  });
  const texts = parsePage(page).flatMap((block): string[] => {
    if (block.kind === 'code') return [];
    const spans = block.kind === 'list' ? block.items.flat() : block.spans;
    return spans.flatMap(({ kind, text }) => (kind === 'text' ? [text] : []));
  });
  expect(texts.filter((text) => /`|\\|#/.test(text))).toEqual([]);
  expect(html(page)).toContain('<code>a`*b</code>');
  expect(html(page)).toContain('<b>Why a human is asked:</b> over 10 % **now**');
  expect(mrkdwnSections(page)).toContain('```syncline conflicts resolve 42 --decision client --round 1```');
});

test('as HTML', () => {
  const page = html(PAGE);
  expect(page).toContain('<h2 style="font-size:16px">employees <code>42</code>: waits</h2>');
  expect(page).toContain('<li><b>Clashing fields:</b> <code>salary</code>, <code>a`b</code></li>');
  expect(page).toContain('<li><b>Why:</b> over 10 \\% &lt;b&gt; *now*</li>');
  expect(page).toContain('{&quot;decision&quot;:&quot;&lt;b&gt;&quot;}</pre>');
});

test('as mrkdwn', () => {
  expect(mrkdwnSections(PAGE)).toEqual([
    '*employees 42: waits*',
    '• *Clashing fields:* `salary`, `aˋb`\n• *Why:* over 10 \\% &lt;b&gt; *now*',
    'Being applied: *client*, decided',
    '*To decide*',
    '```{"decision":"client"}\n{"decision":"&lt;b&gt;"}```',
  ]);
});

describe('whatever the page is', () => {
  const hostile = fc.array(
    fc.oneof(
      fc.constantFrom('`', '``', '```\n', '**', '\\', '- ', '\n', '# ', '<', '>', '&', '"', "'", '|'),
      fc.constantFrom(
        '<!channel>',
        '<@U1>',
        '<script>',
        '@channel',
        '@HERE',
        '&lt;',
        '\u202E',
        'javascript:',
      ),
      fc.string({ unit: 'binary', maxLength: 8 }),
      fc.string({ maxLength: 4_000, minLength: 2_000 }),
    ),
    { maxLength: 30 },
  );

  test('its HTML has only our tags, and no text of it is one', () => {
    fc.assert(
      fc.property(hostile, (parts) => {
        const inside = html(parts.join('')).replace(
          /<\/?(?:html|head|body|h1|h2|p|ul|li|b|code|pre)(?: style="[^"<>]*")?>/g,
          '',
        );
        expect(inside.replace('<!doctype html>', '').replace('<meta charset="utf-8">', '')).not.toMatch(
          /[<>"']/,
        );
      }),
    );
  });

  test('its mrkdwn calls nobody, links nothing and fits into blocks', () => {
    fc.assert(
      fc.property(hostile, (parts) => {
        for (const section of mrkdwnSections(parts.join(''))) {
          expect(section).not.toMatch(/[<>]|&(?!amp;|lt;|gt;)|@(?:channel|here|everyone|all|group)\b/i);
          expect(section.length).toBeLessThanOrEqual(3_000);
          expect(section.trim()).not.toBe('');
        }
      }),
    );
  });

  test('nothing of its words is lost in Slack', () => {
    fc.assert(
      fc.property(fc.array(fc.stringMatching(/^[a-z]{1,900}$/), { maxLength: 30 }), (words) => {
        const text = mrkdwnSections(words.join('\n\n')).join('').replace(/\n/g, '');
        expect(text).toBe(words.join(''));
      }),
    );
  });
});
