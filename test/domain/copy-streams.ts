/** COPY to and from memory, for tests that compare bytes with what PostgreSQL says. */
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type pg from 'pg';
import { from, to } from 'pg-copy-streams';

export async function copyTo(client: pg.Client, sql: string): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of client.query(to(sql))) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

export async function copyFrom(client: pg.Client, sql: string, parts: readonly Uint8Array[]): Promise<void> {
  await pipeline(Readable.from(parts), client.query(from(sql)));
}
