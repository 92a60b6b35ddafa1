import { after, before } from 'node:test';
import { openV2, V2_REVISIONS } from '../e2e/sdk-v2.fixture.ts';
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

for (const revision of V2_REVISIONS) {
  const era = revision === '2026-07-28' ? 'modern' : 'legacy';
  testThrough({ name: `v2-${era}`, era, revision, open: (place) => openV2(revision, place) }, opened, {
    skip: missing,
  });
}
