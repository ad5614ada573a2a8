/** What the pages point at exists: relative links, their anchors, and every path of the repository set as `code`. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const pages = [
  ...readdirSync(root).filter((name) => name.endsWith('.md')),
  ...readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => join('docs', name)),
];

function withoutCodeBlocks(text: string): string {
  return text.replace(/^```[\s\S]*?^```$/gm, '');
}

/** Anchors as GitHub makes them of headings: lower case, no punctuation, hyphens for spaces. */
function anchors(path: string): string[] {
  const headings = withoutCodeBlocks(readFileSync(path, 'utf8')).matchAll(/^#{1,6} (.+)$/gm);
  return [...headings].map(([, heading]) =>
    (heading as string)
      .toLowerCase()
      .replace(/[^\p{Letter}\p{Number}\p{Mark}\s_-]/gu, '')
      .trim()
      .replaceAll(' ', '-'),
  );
}

function brokenLinks(page: string): string[] {
  const text = withoutCodeBlocks(readFileSync(join(root, page), 'utf8'));
  const targets = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map((link) => link[1] as string);
  return targets.filter((target) => {
    if (/^[a-z]+:/.test(target)) return false;
    const [file, anchor] = target.split('#') as [string, string?];
    const path = file === '' ? join(root, page) : resolve(root, dirname(page), file);
    if (!existsSync(path) || relative(root, path).startsWith('..')) return true;
    return anchor !== undefined && !anchors(path).includes(anchor);
  });
}

function missingPaths(page: string): string[] {
  const text = withoutCodeBlocks(readFileSync(join(root, page), 'utf8'));
  const paths = [...text.matchAll(/`((?:src|test|dev|docs|bench|deploy|examples|\.ci)\/[\w./-]*)`/g)];
  return paths.map((path) => path[1] as string).filter((path) => !existsSync(join(root, path)));
}

test('there are pages', () => {
  expect(pages).toEqual(expect.arrayContaining(['README.md', join('docs', 'architecture.md')]));
});

describe.each(pages)('%s', (page) => {
  test('links to what exists', () => {
    expect(brokenLinks(page)).toEqual([]);
  });

  test('names files that exist', () => {
    expect(missingPaths(page)).toEqual([]);
  });
});
