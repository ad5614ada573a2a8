import { describe, expect, test } from 'vitest';
import { findTemporal, type Probes } from '../../dev/temporal-server/find.ts';
import { isAtLeast } from '../../dev/temporal-server/version.ts';

/** A world where nothing is to be had, changed by `changes`; `calls` tells what was touched, in order. */
function world(changes: Partial<Probes> & { versions?: Record<string, string> } = {}) {
  const calls: string[] = [];
  const { versions = {}, ...rest } = changes;
  const probes: Probes = {
    configuredAddress: () => undefined,
    onPath: async () => null,
    cached: async () => null,
    whileLocked: async (work) => {
      calls.push('lock');
      const result = await work().finally(() => calls.push('unlock'));
      return result;
    },
    makers: [maker('download', calls), maker('build with Go', calls)],
    keep: async (path) => {
      calls.push(`keep ${path}`);
      return `/cache${path}`;
    },
    serverVersionOf: async (path) => versions[path] ?? '1.31.2',
    ...rest,
  };
  const lines: string[] = [];
  return { find: () => findTemporal(probes, (line) => lines.push(line)), calls, lines };
}

function maker(name: string, calls: string[], outcome: string | Error = new Error('no internet')) {
  return {
    name,
    make: async () => {
      calls.push(name);
      if (outcome instanceof Error) throw outcome;
      return outcome;
    },
  };
}

describe('a Temporal server is found in this order', () => {
  const everything = {
    configuredAddress: () => 'host:7233',
    onPath: async () => '/bin/temporal',
    cached: async () => '/cached/temporal',
  };

  test('the server of TEMPORAL_ADDRESS', async () => {
    expect(await world(everything).find()).toEqual({ kind: 'server', address: 'host:7233' });
  });

  test('the binary on PATH', async () => {
    const { find, calls } = world({ ...everything, configuredAddress: () => undefined });
    expect(await find()).toEqual({ kind: 'binary', path: '/bin/temporal', serverVersion: '1.31.2' });
    expect(calls).toEqual([]);
  });

  test('the cached binary, also when the one on PATH is too old; no lock is taken for it', async () => {
    const { find, calls } = world({
      onPath: everything.onPath,
      cached: everything.cached,
      versions: { '/bin/temporal': '1.9.0' },
    });
    expect(await find()).toMatchObject({ path: '/cached/temporal' });
    expect(calls).toEqual([]);
  });

  test('a download, kept in the cache', async () => {
    const calls: string[] = [];
    const { find } = world({
      makers: [maker('download', calls, '/tmp/downloaded'), maker('build', calls, '/tmp/built')],
    });
    expect(await find()).toMatchObject({ path: '/cache/tmp/downloaded' });
    expect(calls).toEqual(['download']);
  });

  test('a build, when the download fails or gives an old server', async () => {
    for (const download of [new Error('no internet'), '/tmp/old'] as const) {
      const calls: string[] = [];
      const { find } = world({
        makers: [maker('download', calls, download), maker('build', calls, '/tmp/built')],
        versions: { '/tmp/old': '1.20.0' },
      });
      expect(await find()).toMatchObject({ path: '/cache/tmp/built' });
      expect(calls).toEqual(['download', 'build']);
    }
  });

  test('what another process made while we waited for the lock', async () => {
    let isMade = false;
    const { find, calls } = world({
      cached: async () => (isMade ? '/cached/temporal' : null),
      whileLocked: async (work) => {
        isMade = true;
        return work();
      },
    });
    expect(await find()).toMatchObject({ path: '/cached/temporal' });
    expect(calls).toEqual([]);
  });
});

test('when nothing works, one error tells what was tried, why it failed, and the ways to get a server', async () => {
  const { find, calls } = world({
    onPath: async () => '/bin/temporal',
    cached: async () => '/cached/temporal',
    serverVersionOf: async (path) => {
      if (path === '/bin/temporal') return '1.22.4';
      throw new Error('cannot execute binary file');
    },
  });
  const error = await find().catch((thrown: Error) => thrown);
  expect(error).toBeInstanceOf(Error);
  const { message } = error as Error;
  for (const part of [
    'TEMPORAL_ADDRESS: not set',
    '/bin/temporal has server 1.22.4, older than 1.29.0',
    '/cached/temporal does not run: cannot execute binary file',
    'download: no internet',
    'build with Go: no internet',
    'TEMPORAL_ADDRESS=localhost:7233',
    'https://docs.temporal.io/cli',
    'Go 1.26.4',
  ]) {
    expect(message).toContain(part);
  }
  expect(calls).toEqual(['lock', 'download', 'build with Go', 'unlock']);
});

test('versions are compared by number', () => {
  expect(isAtLeast('1.29.0', '1.29.0')).toBe(true);
  expect(isAtLeast('1.100.0', '1.29.0')).toBe(true);
  expect(isAtLeast('1.9.9', '1.29.0')).toBe(false);
});
