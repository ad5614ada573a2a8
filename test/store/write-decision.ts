/**
 * The decision that the load's merge makes in SQL (load-merge.ts, tombstones.ts), as a pure function: what the model of
 * interleavings runs on. load-interleaving.test.ts holds both against each other over the whole table of cases.
 */
export type MirrorState = {
  /** Is the row's last write visible in the ticket of the read? */
  readonly visible: boolean;
  readonly deleted: boolean;
  /** Are the source's columns as they were read? */
  readonly same: boolean;
};

export type Decision = 'insert' | 'write' | 'leave' | 'leave and read again';

/** @param read 'row': the source showed the row; 'nothing': a look-up by key did not find it. */
export function decideWrite(read: 'row' | 'nothing', mirror: MirrorState | null): Decision {
  if (mirror === null) return read === 'row' ? 'insert' : 'leave';
  const isAsRead = read === 'row' ? mirror.same && !mirror.deleted : mirror.deleted;
  if (isAsRead) return 'leave';
  return mirror.visible ? 'write' : 'leave and read again';
}
