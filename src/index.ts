/** What a configuration imports from 'syncline'. */
export { defineSync } from './config/define-sync.ts';
export type { SyncConfigInput } from './domain/config-schema.ts';
export type { SourceChange } from './domain/entity.ts';
export type { EntityInput } from './domain/entity-schema.ts';
export { type EnvRef, env } from './domain/env-ref.ts';
export {
  addExact,
  compareExact,
  type ExactNumber,
  multiplyExact,
  subtractExact,
} from './domain/exact-numbers.ts';
export type { Row, Value } from './domain/row.ts';
export { accept, reject, requireApproval, use } from './domain/upload/rule-outcomes.ts';
export type {
  BusinessRule,
  RuleContext,
  RuleEffects,
  RuleOutcome,
  RuleQuery,
} from './domain/upload/rules.ts';
export { type DecimalRules, decimal, type InstantRules, instant } from './domain/validators.ts';
export { type SignedWebhook, verifyWebhook } from './domain/webhook-signature.ts';
