/** The order in which changes of one transaction can be made: parents before their children, deletes last. */
import { parentsFirst } from '../foreign-key-order.ts';

export type GroupMember = {
  readonly ordinal: string;
  readonly entity: string;
  readonly operation: 'insert' | 'update' | 'delete';
  /** Ordinals of members that make rows which it names. */
  readonly makers: readonly string[];
};

/** @param entityOrder names, in the order in which rows may be inserted. */
export function orderOfGroup(
  members: readonly GroupMember[],
  entityOrder: readonly string[],
): { readonly order: readonly string[] } | { readonly cycle: readonly string[] } {
  const rank = ({ entity }: GroupMember): number => entityOrder.indexOf(entity);
  const isDelete = ({ operation }: GroupMember): boolean => operation === 'delete';
  const made = members.filter((member) => !isDelete(member)).toSorted((a, b) => rank(a) - rank(b));
  const deleted = members.filter(isDelete).toSorted((a, b) => rank(b) - rank(a));
  const order = parentsFirst(
    made.map(({ ordinal }) => ordinal),
    made.flatMap(({ ordinal, makers }) => makers.map((parent) => ({ child: ordinal, parent }))),
  );
  const place = new Map(order.map((ordinal, at) => [ordinal, at]));
  const early = made.filter(({ ordinal, makers }) =>
    makers.some((maker) => (place.get(maker) ?? -1) >= (place.get(ordinal) as number)),
  );
  if (early.length > 0) return { cycle: early.map(({ ordinal }) => ordinal) };
  return { order: [...order, ...deleted.map(({ ordinal }) => ordinal)] };
}
