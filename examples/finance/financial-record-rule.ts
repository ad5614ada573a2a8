import { accept, type BusinessRule, reject } from 'syncline';

const APPROVER = 'CFO';

/**
 * What the books say stays, unless the CFO approved the change: a record that was changed on both sides, or that a
 * device wants to delete. The approval is the one that Syncline holds; a column `approved_by` in the row proves nothing,
 * since whoever sends the row fills it in. What is overridden is kept, to be listed and restored.
 */
export const financialRecordRule: BusinessRule = {
  name: 'financial-record',
  decide: ({ operation, clashing, approvedBy }) => {
    const isOverride = clashing.length > 0 || operation === 'delete';
    if (!isOverride) return accept();
    if (!approvedBy.includes(APPROVER)) return reject('Financial override rejected');
    return accept({ backup: true, audit: `Overrides the source's record, approved by the ${APPROVER}` });
  },
};
