const maxNameBytes = 128;

/**
 * The name of a column that is an expression without alias: its text without blanks and comments, in upper case, as
 * Oracle has it (`select 'Hello World'` gives 'HELLOWORLD' in quotes). Quoted names keep their case.
 */
export function nameOfText(text: string): string {
  const parts = text.matchAll(/"[^"]*"|--[^\n]*|\/\*[\s\S]*?\*\/|\s+|[^"\s]/g);
  let name = '';
  for (const [part] of parts) {
    if (part.startsWith('"')) name += part;
    else if (!/^(?:--|\/\*|\s)/.test(part)) name += part.toUpperCase();
  }
  return cutToBytes(name.replaceAll('"', ''));
}

function cutToBytes(name: string): string {
  let bytes = 0;
  let cut = '';
  for (const character of name) {
    bytes += Buffer.byteLength(character);
    if (bytes > maxNameBytes) break;
    cut += character;
  }
  return cut;
}
