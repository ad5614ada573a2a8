/** Who asks: kept with a run, and with what is said to one. */
import { userInfo } from 'node:os';

export function userName(): string {
  try {
    return userInfo().username;
  } catch {
    // A container may run under a number that has no name.
    return 'cli';
  }
}
