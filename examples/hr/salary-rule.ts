import { accept, type BusinessRule, compareExact, multiplyExact, reject, requireApproval } from 'syncline';

/** Of a device's user, for raises over the limit. */
const PERMISSION = 'SALARY_OVERRIDE';
/** A raise of exactly 10 % passes. */
const LIMIT = '1.10';

/**
 * A raise over 10 % needs a permission, a lower salary needs somebody's approval. No salary counts as 0, and of 0 every
 * raise is over 10 %: the first salary of somebody who is in the books without one needs the permission too. A new
 * employee's salary is not a raise.
 */
export const salaryRule: BusinessRule = {
  name: 'salary',
  fields: ['salary'],
  decide: ({ operation, current, proposed, permissions, approvedBy }) => {
    if (operation === 'delete' || current === null) return accept();
    const before = current.salary ?? 0;
    const after = proposed.salary ?? 0;
    if (compareExact(after, before) < 0) {
      return approvedBy.length > 0 ? accept() : requireApproval('A lower salary needs approval');
    }
    const isRaise = compareExact(after, before) > 0;
    const isOverLimit = isRaise && compareExact(after, multiplyExact(before, LIMIT)) > 0;
    return isOverLimit && !permissions.has(PERMISSION) ? reject('Insufficient permissions') : accept();
  },
};
