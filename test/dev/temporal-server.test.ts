import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Connection } from '@temporalio/client';
import { expect, test } from 'vitest';
import { withLock } from '../../dev/temporal-server/lock.ts';
import { addSearchAttributes } from '../../dev/temporal-server/serving.ts';
import { searchAttributes } from '../../src/domain/search-attributes.ts';
import { temporalServer } from '../support/temporal.ts';

test('the shared server has our search attributes, and lets more be added twice', async () => {
  const target = await temporalServer();
  await addSearchAttributes(target, [...Object.values(searchAttributes), 'SynclineTest']);
  await addSearchAttributes(target, ['SynclineTest']);
  const connection = await Connection.connect({ address: target.address });
  const { customAttributes } = await connection.operatorService.listSearchAttributes({
    namespace: target.namespace,
  });
  await connection.close();
  expect(customAttributes).toMatchObject(
    Object.fromEntries([...Object.values(searchAttributes), 'SynclineTest'].map((name) => [name, 2])),
  );
});

test('one at a time holds the lock, and a lock whose process is gone is taken over', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'syncline-lock-'));
  const path = join(folder, 'sub', 'lock');
  const lines: string[] = [];
  const log = (line: string) => lines.push(line);
  try {
    let holders = 0;
    const holdOnce = () =>
      withLock(path, log, async () => {
        holders += 1;
        expect(holders).toBe(1);
        await new Promise((resolve) => setImmediate(resolve));
        holders -= 1;
      });
    await Promise.all([holdOnce(), holdOnce(), holdOnce()]);
    // Without its id, where the file was just being made.
    expect(lines).toContainEqual(
      expect.stringMatching(new RegExp(`process (${process.pid}|\\?) is making a server already`)),
    );
    // No process has this id: Linux and macOS stop far below.
    await writeFile(path, '999999999');
    await holdOnce();
  } finally {
    await rm(folder, { recursive: true });
  }
});
