import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { openGoverned, type Governed } from './governed.ts';
import { openInspector } from './inspector.ts';
import { missing } from './partners.ts';
import { taskPlace, testThrough, type SpeakerKind } from './through.ts';

let governed: Governed | undefined;
before(async () => {
  if (missing === false) governed = await openGoverned();
});
after(() => governed?.close());

const opened = (): Governed => {
  if (governed === undefined) throw new Error('the servers did not start');
  return governed;
};

for (const era of ['legacy', 'modern'] as const) {
  const kind: SpeakerKind = {
    name: `inspect-${era}`,
    era,
    revision: null,
    shows: 'results',
    open: (place) => Promise.resolve(openInspector(era, place, opened().folder)),
  };
  testThrough(kind, opened, { skip: missing, verdictsOf: ['files'], keysOf: ['memory'] });

  test(`${kind.name} knows an unknown tool by the list it was given`, { skip: missing }, async () => {
    const client = await kind.open(await taskPlace(opened(), kind, opened().server('files')));
    await assert.rejects(client.call('no_such_tool', {}), /tool_not_found/);
  });
}
