/** The simulator's port: the wire, with the calls of statements. */

import { createCursors } from '../calls/cursors.ts';
import { parseCall, parsePiggyback } from '../calls/handle-call.ts';
import { type Listener, type ListenerOptions, listenWith } from './listener.ts';

export type ListenOptions = Omit<ListenerOptions, 'calls'>;

export function listen(options: ListenOptions): Promise<Listener> {
  return listenWith({ ...options, calls: { parseCall, parsePiggyback, createCursors } });
}
