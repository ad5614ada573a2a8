/** What a business rule answers with: `return reject('Insufficient permissions')`. */
import type { Row } from '../row.ts';
import type { RuleEffects, RuleOutcome } from './rules.ts';

/** The rule has nothing against the change. */
export function accept(effects: RuleEffects = {}): RuleOutcome {
  return { ...effects, kind: 'accept' };
}

/** Nothing of the change is taken. `reason` is told to the device, so it holds nothing that its user must not know. */
export function reject(reason: string, effects: RuleEffects = {}): RuleOutcome {
  return { ...effects, kind: 'reject', reason };
}

/** Other values than the proposed ones, by mirror column; what is not named stays as it was proposed. */
export function use(
  values: Partial<Row>,
  effects: RuleEffects & { readonly reason?: string } = {},
): RuleOutcome {
  return { ...effects, kind: 'use', values };
}

/**
 * A human decides first. `role`: who has to, in place of the entity's `resolvers`; never who made the change. People
 * read `reason` in Temporal, so it holds no values of the row.
 */
export function requireApproval(
  reason: string,
  options: RuleEffects & { readonly role?: string } = {},
): RuleOutcome {
  return { ...options, kind: 'approve', reason };
}
