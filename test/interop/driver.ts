import type { Command } from './run.ts';

/** A driver that is none of ours, and the program of checks that uses it. */
export type Driver = {
  /** For `--only`. */
  name: string;
  title: string;
  /** Installs what is missing and says how to start the checks. @throws Error that says what to install. */
  prepare(log: (line: string) => void): Promise<Command>;
};

/** Time for a download or a build. */
export const installMs = 300_000;
