/** Mutations of a file, a line each. What cannot be read keeps its place, as a mutation that is rejected. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { SyncError } from '../domain/errors.ts';
import { UnreadableLine } from '../domain/upload/wire.ts';
import { parseJsonStrictly } from '../service/exact-json.ts';
import { usageError } from './arguments.ts';

/** More is several uploads: each is staged whole, in one transaction. */
const MAX_BYTES = 64 * 1024 * 1024;

export type MutationLine = {
  /** Counted from 1, as editors do. */
  readonly line: number;
  readonly mutation: unknown;
};

export type MutationFile = { readonly lines: readonly MutationLine[]; readonly sha256: string };

/** @param path `-`: standard input. @throws SyncError COMMAND_INVALID: it cannot be read, is empty, or is too large. */
export async function readMutationFile(path: string): Promise<MutationFile> {
  const bytes = await read(path);
  const lines = readMutations(bytes.toString('utf8'));
  if (lines.length === 0) {
    throw usageError(`${nameOf(path)} holds no mutation`, 'Write one JSON object a line (docs/uploads.md).');
  }
  return { lines, sha256: createHash('sha256').update(bytes).digest('hex') };
}

async function read(path: string): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of path === '-' ? process.stdin : createReadStream(path)) {
      size += (chunk as Buffer).length;
      if (size > MAX_BYTES) throw tooLarge(path);
      chunks.push(Buffer.from(chunk as Buffer));
    }
  } catch (error) {
    if (error instanceof SyncError) throw error;
    const why = (error as NodeJS.ErrnoException).code ?? String(error);
    throw usageError(
      `${nameOf(path)} cannot be read: ${why}`,
      'Name a file with one mutation a line, or `-`.',
    );
  }
  return Buffer.concat(chunks);
}

function tooLarge(path: string): SyncError {
  return usageError(
    `${nameOf(path)} has more than ${MAX_BYTES / 1024 / 1024} MB`,
    'Split it: every part is an upload of its own.',
  );
}

function nameOf(path: string): string {
  return path === '-' ? 'Standard input' : path;
}

/** Empty lines are no mutations. */
export function readMutations(text: string): MutationLine[] {
  return text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .flatMap((each, i) => (each.trim() === '' ? [] : [{ line: i + 1, mutation: readLine(each, i + 1) }]));
}

function readLine(text: string, line: number): unknown {
  try {
    return parseJsonStrictly(text);
  } catch (error) {
    return new UnreadableLine(`Line ${line} cannot be read: ${(error as Error).message}`);
  }
}
