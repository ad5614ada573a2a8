/** What replies to devices consist of, for the API's description. */
import { z } from 'zod';

export const documentSchema = z
  .looseObject({
    /** The device's own id of a row that was made offline, else the encoded key. */
    id: z.string(),
    /** `<incarnation>.<position in the feed>` of the row's last change. */
    rev: z.string(),
    /** true: the row was deleted, or may not be seen any more. */
    _deleted: z.boolean(),
  })
  .describe('A row: id, rev, _deleted, and the columns of the mirror that the caller may see');

export const pageSchema = z.object({
  documents: z.array(documentSchema),
  checkpoint: z.object({ cursor: z.string() }).describe('Goes with the next pull'),
  hasMore: z.boolean().describe('There are more rows already: pull again at once'),
});

export const filterSchema = z
  .record(z.string(), z.string())
  .describe('`filter[column]=value`, of columns that `feed.filter` declares')
  .meta({ style: 'deepObject', explode: true });
