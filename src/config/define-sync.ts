import type { SyncConfigInput } from '../domain/config-schema.ts';

/**
 * The configuration of Syncline: `export default defineSync({ … })` in syncline.config.ts. It is checked when it is
 * loaded, all problems at once; here it only gets its type.
 */
export function defineSync(config: SyncConfigInput): SyncConfigInput {
  return config;
}
