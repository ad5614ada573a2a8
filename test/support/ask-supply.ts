import { get } from 'node:http';
import { inject } from 'vitest';
import type { Supplies } from './supply.ts';

/** Asks vitest's main process for a shared thing, which it makes when nobody asked before. Not fetch(): that gives up after 5 minutes. */
export async function askSupply<Name extends keyof Supplies>(name: Name): Promise<Supplies[Name]> {
  const { status, body } = await new Promise<{ status: number | undefined; body: string }>(
    (resolve, reject) => {
      get(`${inject('supplyUrl')}/${name}`, (response) => {
        response.setEncoding('utf8');
        let text = '';
        response.on('data', (part: string) => {
          text += part;
        });
        response.on('end', () => resolve({ status: response.statusCode, body: text }));
        response.on('error', reject);
      }).on('error', reject);
    },
  );
  if (status !== 200) throw new Error(`${name}: ${body}`);
  return JSON.parse(body);
}
