import { after, before } from 'node:test';
import { openGoverned, type Governed } from './governed.ts';
import { missing } from './partners.ts';
import { testThrough } from './through.ts';

let governed: Governed | undefined;
before(async () => {
  if (missing === false) governed = await openGoverned();
});
after(() => governed?.close());

const opened = (): Governed => {
  if (governed === undefined) throw new Error('the servers did not start');
  return governed;
};

const kind = {
  name: 'v1',
  era: 'legacy',
  revision: '2025-11-25',
  open: async (place) => (await import('./sdk-v1.ts')).openV1(place),
} as const satisfies Parameters<typeof testThrough>[0];

testThrough(kind, opened, { skip: missing });
