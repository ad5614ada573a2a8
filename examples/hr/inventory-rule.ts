import {
  accept,
  type BusinessRule,
  compareExact,
  multiplyExact,
  type RuleContext,
  reject,
  subtractExact,
  use,
  type Value,
} from 'syncline';
import { OPENING_QUANTITY } from './rows.ts';

/** What should be there by all transactions that the mirror knows. */
const EXPECTED = `
  SELECT $3::numeric + coalesce(sum(quantity), 0) AS expected
    FROM inventory.stock_transactions
   WHERE product_id = $1 AND location_id = $2 AND sync_deleted_at IS NULL`;

/**
 * Two people counted the same shelf and disagree: the count that is strictly nearer to what the transactions say is
 * taken, and of two that are equally far off the source's. Where neither is right, somebody has to look. The field's
 * policy is `rules`, so that its clashes come here.
 */
export const inventoryRule: BusinessRule = {
  name: 'inventory',
  fields: ['quantity_on_hand'],
  queries: {
    history: {
      sql: EXPECTED,
      params: ({ proposed }) => [proposed.product_id ?? null, proposed.location_id ?? null, OPENING_QUANTITY],
    },
  },
  decide: (context) => {
    const counts = clashingCounts(context);
    if (counts === null) return accept();
    if (counts.client === null) return reject('A count needs a quantity');
    const expected = context.queries.history?.[0]?.expected;
    const clientsDistance = distance(counts.client, expected);
    const sourcesDistance = distance(counts.source, expected);
    const winner = compareExact(clientsDistance, sourcesDistance) < 0 ? 'client' : 'source';
    const isRight = compareExact(winner === 'client' ? clientsDistance : sourcesDistance, 0) === 0;
    return use(
      { quantity_on_hand: counts[winner] },
      {
        audit: `Quantity: took the ${winner}'s count, which ${isRight ? 'equals' : 'differs from'} the transactions`,
        ...(!isRight && {
          task: { kind: 'quantity-discrepancy', title: 'Investigate quantity discrepancy' },
        }),
      },
    );
  },
};

/** null: only one side changed the quantity. */
function clashingCounts({ clashing, client, current }: RuleContext): { client: Value; source: Value } | null {
  if (!clashing.includes('quantity_on_hand') || current === null) return null;
  if (client.quantity_on_hand === undefined || current.quantity_on_hand === undefined) return null;
  return { client: client.quantity_on_hand, source: current.quantity_on_hand };
}

function distance(count: Value, expected: Value | undefined): string {
  const difference = subtractExact(count, expected);
  return compareExact(difference, 0) < 0 ? multiplyExact(difference, -1) : difference;
}
