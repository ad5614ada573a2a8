/** What a configuration imports from 'syncline'. */
export { defineSync } from './config/define-sync.ts';
export type { SyncConfigInput } from './domain/config-schema.ts';
export type { SourceChange } from './domain/entity.ts';
export type { EntityInput } from './domain/entity-schema.ts';
export { type EnvRef, env } from './domain/env-ref.ts';
export type { Row, Value } from './domain/row.ts';
export { type DecimalRules, decimal, type InstantRules, instant } from './domain/validators.ts';
