/** Pauses in long work: other tasks of the process have their turn, sockets and heartbeats above all. */

/** Asked every so many rows. null: not yet; else work goes on when the promise does. */
export type Rest = () => Promise<void> | null;

/** Few enough for slow functions of a user, so many that asking costs nothing. */
export const ROWS_BEFORE_REST = 256;

export const noRest: Rest = () => null;
