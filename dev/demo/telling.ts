/** What the chapters of the story share. */
import type oracledb from 'oracledb';
import type { RunMode } from '../../src/domain/run.ts';
import type { Stack } from '../stack.ts';
import type { DemoSource } from './source.ts';

export type Stage = {
  readonly stack: Stack;
  readonly source: DemoSource;
  /** Whether somebody stays to decide what people decide. */
  readonly audience: 'stays' | 'leaves';
  readonly say: (line: string) => void;
  /** Keeps what has to be stopped when the story is broken off; stopping twice is harmless. */
  readonly atEnd: (stop: () => Promise<void>) => void;
};

export type Telling = Stage & {
  /** The owner of the source's tables. */
  readonly owner: oracledb.Connection;
  expect(holds: boolean, what: string): void;
  run(step: string, mode: RunMode, during?: () => Promise<void>): Promise<void>;
};

/** A conflict that waits for whoever looks at the demo. */
export type OpenConflict = {
  readonly howTo: readonly string[];
  /** What came of it, once somebody decided. It fails when the demo is over before. */
  readonly decided: Promise<string>;
};
