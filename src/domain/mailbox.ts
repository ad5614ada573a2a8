/** Addresses of mail, as the configuration has them: plain ASCII ones, so that nothing else can hide in a header. */

export type Mailbox = { readonly name: string | null; readonly address: string };

const LOCAL = "[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*";
const LABEL = '[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?';
const ADDRESS = new RegExp(`^(${LOCAL})@(${LABEL}(?:\\.${LABEL})*)$`);
const NAMED = /^([^<>"@\p{Cc}]+?) *<([^<>]+)>$/u;
const MAX_LENGTH = 254;

/** `someone@example.com`, its domain in lower case; null when it is none. */
export function parseAddress(text: string): string | null {
  const [, local, domain] = text.length > MAX_LENGTH ? [] : (ADDRESS.exec(text) ?? []);
  return local === undefined || domain === undefined ? null : `${local}@${domain.toLowerCase()}`;
}

/** `someone@example.com` or `Their Name <someone@example.com>`; null when it is neither. */
export function parseMailbox(text: string): Mailbox | null {
  const [, name = null, inside = text] = NAMED.exec(text) ?? [];
  const address = parseAddress(inside);
  return address === null ? null : { name: name?.trim() ?? null, address };
}
