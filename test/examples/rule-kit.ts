/** What a business rule is asked, for tests of the shipped ones. */
import type { Row, RuleContext } from '../../src/index.ts';

type Given = Partial<RuleContext> & { readonly current: Row | null; readonly client: Partial<Row> };

/** The device's fields over the row as it is; `changed` follows from both. */
export function ruleContext(given: Given): RuleContext {
  const { current, client } = given;
  const proposed = { ...current, ...client } as Row;
  return {
    entity: 'entity',
    key: '1',
    operation: current === null ? 'insert' : 'update',
    base: null,
    proposed,
    changed: Object.keys(client).filter((field) => client[field] !== current?.[field]),
    clashing: [],
    device: 'tablet-7',
    user: 'emil',
    permissions: new Set(),
    approvedBy: [],
    queries: {},
    ...given,
  };
}
