/** Which processes run on which processors (Linux). */
import { spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import type pg from 'pg';

export function mayPlace(): boolean {
  return availableParallelism() >= 2 && spawnSync('taskset', ['--version']).status === 0;
}

/** With all their threads; what they start from then on is there too. */
export function placeOn(processor: number, pids: readonly number[]): void {
  for (const pid of pids) {
    const { status, stderr } = spawnSync('taskset', ['-a', '-p', '-c', String(processor), String(pid)]);
    if (status !== 0) throw new Error(`The process ${pid} could not be placed: ${stderr}`);
  }
}

/** Of a server on this machine: the one that starts the others, and those of its sessions. */
export async function postgresPids(pool: pg.Pool): Promise<number[]> {
  const { rows } = await pool.query<{ pid: number; own: boolean }>(
    `SELECT pid, pid = pg_backend_pid() AS own FROM pg_stat_activity WHERE backend_type = 'client backend'`,
  );
  const own = rows.find((row) => row.own)?.pid;
  const status = await readFile(`/proc/${own}/status`, 'utf8');
  return [Number(/^PPid:\s+(\d+)/m.exec(status)?.[1]), ...rows.map(({ pid }) => pid)];
}
