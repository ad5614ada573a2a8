/** Options whose values are secrets, in every kind of source, by their names. */

const SECRET_NAME = /(password|passwd|passphrase|secret|token|api_?key|private_?key|credentials?)$/i;

export function isSecret(path: readonly PropertyKey[]): boolean {
  const [last, parent] = [path.at(-1), path.at(-2)];
  if (path[0] === 'notifications' && parent === 'slack') return last === 'url';
  return SECRET_NAME.test(String(last)) || (parent === 'tls' && last === 'key');
}
