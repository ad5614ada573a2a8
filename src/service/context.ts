/** What the command line and the gateway both work with. */
import type { Client } from '../client.ts';
import type { SyncConfig } from '../domain/config.ts';
import type { Store } from '../store/open.ts';

export type ServiceContext = {
  readonly config: SyncConfig;
  readonly store: Store;
  readonly client: Client;
};
