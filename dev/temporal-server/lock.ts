import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { guardDirectory } from '../process-guard.ts';
import type { Log } from './find.ts';

const lookMs = 250;

/**
 * Runs `work` while no other process of this machine holds the lock file; a lock whose process is gone is taken over. When two
 * take it over at the same moment both work, which costs time only: what they make is put in place at once and whole.
 */
export async function withLock<T>(path: string, log: Log, work: () => Promise<T>): Promise<T> {
  await mkdir(dirname(path), { recursive: true });
  let isAnnounced = false;
  while (!(await take(path))) {
    const holder = await holderOf(path);
    if (holder !== null && !isAlive(holder)) await rm(path, { force: true });
    else {
      if (!isAnnounced) log(`temporal: process ${holder ?? '?'} is making a server already, waiting for it`);
      isAnnounced = true;
      await sleep(lookMs);
    }
  }
  const release = guardDirectory(path);
  try {
    return await work();
  } finally {
    await rm(path, { force: true });
    release();
  }
}

async function take(path: string): Promise<boolean> {
  try {
    await writeFile(path, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** Null while the file is being made or removed. */
async function holderOf(path: string): Promise<number | null> {
  const text = await readFile(path, 'utf8').catch(() => '');
  return text === '' ? null : Number(text);
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
