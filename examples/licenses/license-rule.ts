import { accept, type BusinessRule, requireApproval, use, type Value } from 'syncline';

const ACTIVE = 'ACTIVE';
const INACTIVE = 'INACTIVE';

/**
 * A license that one side made active and the other inactive is active, whichever side said so. Any other pair of
 * statuses (SUSPENDED on one side, EXPIRED on the other) is for a human. The field's policy is `rules`, so that its
 * clashes come here.
 */
export const licenseRule: BusinessRule = {
  name: 'license-status',
  fields: ['status'],
  decide: ({ clashing, client, current, approvedBy }) => {
    if (!clashing.includes('status') || current === null || client.status === undefined) return accept();
    const statuses = [statusOf(client.status), statusOf(current.status)];
    if (statuses.includes(ACTIVE) && statuses.includes(INACTIVE)) {
      return use({ status: ACTIVE }, { audit: 'License status: active beats inactive' });
    }
    return approvedBy.length > 0 ? accept() : requireApproval('Both sides changed the status of the license');
  },
};

/** CHAR columns are padded with spaces. */
function statusOf(value: Value | undefined): string {
  return String(value ?? '').trim();
}
