import assert from 'node:assert/strict';
import { copyFileSync, createWriteStream, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { finished } from 'node:stream/promises';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { linkHash } from '../../ports/evidence-log.suite.ts';
import type { EvidenceLog } from '../../ports/evidence-log.ts';
import {
  changeRecord,
  decisionRecord,
  NODE,
  outcomeRecord,
  sampleFacts,
  sampleId,
  signalRecord,
} from '../../ports/sample-evidence.suite.ts';
import type { WitnessedHead } from './check-entry.ts';
import { exportEvidence } from './export.ts';
import { openSqliteEvidence } from './sqlite.ts';
import { verifyExport } from './verify-export.ts';
import { verifyEvidence, type EvidenceVerdict } from './verify.ts';

const SEAL_KEY = new Uint8Array(32).fill(7);
const ENTRIES = 240;
const CHAIN = `${NODE}.1`;

let folder = '';
let pristine = '';
let copies = 0;

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'mandate-verify-'));
  pristine = join(folder, 'pristine.db');
  const log = await openSqliteEvidence({ file: pristine, org_id: 'org', node: NODE, sealKey: SEAL_KEY });
  await fill(log);
  await log.close();
});
after(() => rmSync(folder, { recursive: true, force: true }));

test('a log that nobody touched verifies, and says how far it goes', async () => {
  const verdict = await verifyEvidence(pristine, { sealKey: SEAL_KEY });
  assert.ok(verdict.ok);
  assert.equal(verdict.count, ENTRIES);
  assert.equal(verdict.facts_checked, ENTRIES / 4);
  assert.deepEqual(verdict.chains, [{ chain: CHAIN, count: ENTRIES, head: headAt(ENTRIES).hash }]);
});

test('a log verifies beside the server that is writing it, and never blocks it', async () => {
  const file = join(folder, 'live.db');
  const log = await openSqliteEvidence({ file, org_id: 'org', node: NODE, sealKey: SEAL_KEY });
  await fill(log);
  const [verdict] = await Promise.all([
    verifyEvidence(file),
    ...Array.from({ length: 50 }, (_, n) => log.append(signalRecord(50_000 + n))),
  ]);
  assert.ok(verdict.ok);
  assert.ok(verdict.count >= ENTRIES);
  assert.equal((await verifyEvidence(file)).count, ENTRIES + 50);
  await log.close();
});

const COLUMNS = [
  'org_id',
  'chain_id',
  'seq',
  'prev',
  'hash',
  'bytes',
  'kind',
  'record_id',
  'at',
  'actor',
  'task',
  'server',
  'tool',
  'effect',
  'of_id',
] as const;

/** What is put in place of one byte: one of each class that some reader treats in its own way. */
const BYTE_CLASSES: readonly (readonly [string, (byte: number) => number])[] = [
  ['one bit', (byte) => byte ^ 0x01],
  ['the high bit', (byte) => byte ^ 0x80],
  ['the case of a letter', (byte) => byte ^ 0x20],
  ['NUL', () => 0x00],
  ['a space', () => 0x20],
  ['a line end', () => 0x0a],
  ['a digit', () => 0x37],
  ['a quote', () => 0x22],
  ['0xff, which is never UTF-8', () => 0xff],
];

for (const column of COLUMNS) {
  test(`TH-59: a byte of any class changed anywhere in ${column} is found, and its entry named`, async () => {
    for (const [what, change] of BYTE_CLASSES) {
      const touched: number[] = [];
      for (const share of [0, 0.37, 0.99]) {
        const file = copy();
        const seq = tamper(file, (db) => flip(db, column, Math.floor(share * ENTRIES), share, change));
        if (seq === undefined) continue; // this class is what stood there
        touched.push(seq);
        const verdict = await verifyEvidence(file, { sealKey: SEAL_KEY });
        assert.equal(verdict.ok, false, `${what} in ${column} of entry ${seq}`);
        // A changed position or chain is noticed where the entry is missing, or where it turned up.
        if (!['org_id', 'chain_id', 'seq'].includes(column))
          assert.equal(fault(verdict).seq, seq, `${what} in ${column}: ${fault(verdict).why}`);
      }
      assert.ok(touched.length > 0 || what !== 'one bit');
    }
  });
}

test('TH-59: a value of another type, set to null, or emptied is found in each column', async () => {
  for (const column of COLUMNS) {
    for (const value of ['null', `''`, `x''`, '0', `cast(${column} as blob)`]) {
      const file = copy();
      // The schema refuses most of these: then there is nothing to find.
      if (
        !tamper(file, (db) =>
          tries(db, `update entries set ${column} = ${value} where seq = 101 and ${column} is not ${value}`),
        )
      )
        continue;
      assert.equal((await verifyEvidence(file)).ok, false, `${column} = ${value}`);
    }
  }
});

test('TH-59: each entry dropped is found where it is missing', async () => {
  for (let seq = 1; seq < ENTRIES; seq += 1) {
    const file = copy();
    tamper(file, (db) => db.exec(`delete from entries where seq = ${seq}`));
    const verdict = fault(await verifyEvidence(file));
    assert.deepEqual([verdict.chain, verdict.seq, verdict.count], [CHAIN, seq + 1, seq - 1]);
  }
});

test('TH-59: two entries that changed places are found', async () => {
  for (const [a, b] of [
    [1, 2],
    [7, 8],
    [3, 200],
    [ENTRIES - 1, ENTRIES],
  ] as const) {
    const whole = copy();
    tamper(whole, (db) =>
      db.exec(`update entries set seq = -1 where seq = ${a}; update entries set seq = ${a} where seq = ${b};
      update entries set seq = ${b} where seq = -1`),
    );
    assert.equal(fault(await verifyEvidence(whole)).seq, a);

    const bytes = copy();
    tamper(bytes, (db) =>
      db.exec(`create temp table t as select seq, bytes from entries where seq in (${a}, ${b});
      update entries set bytes = (select t.bytes from t where t.seq <> entries.seq) where seq in (${a}, ${b}); drop table t`),
    );
    assert.equal(fault(await verifyEvidence(bytes)).seq, a);
  }
});

test('TH-59: an inserted entry is found, also one whose own hash is right', async () => {
  for (const seq of [1, 120, ENTRIES]) {
    const file = copy();
    tamper(file, (db) => {
      db.exec(`update entries set seq = -seq where seq >= ${seq}; update entries set seq = 1 - seq where seq < 0`);
      insertForged(db, seq);
    });
    const verdict = fault(await verifyEvidence(file));
    assert.equal(verdict.seq, seq + 1); // the forged one fits what is before it, the next does not fit it
  }
});

test('TH-59: a fork is found: a second entry at one position, a second chain, a branch rewritten to its end', async () => {
  const twice = copy();
  tamper(twice, (db) => {
    db.exec(
      'drop index entries_record; create table e2 as select * from entries; drop table entries; alter table e2 rename to entries',
    );
    db.exec('insert into entries select * from entries where seq = 50');
  });
  assert.equal((await verifyEvidence(twice)).ok, false);

  const branch = copy();
  tamper(branch, (db) =>
    db.exec(`insert into entries select org_id, '${NODE}.2', seq, prev, hash, bytes, kind, record_id || 'x', at,
    actor, task, server, tool, effect, of_id from entries where seq > 200`),
  );
  assert.deepEqual(
    [fault(await verifyEvidence(branch)).chain, fault(await verifyEvidence(branch)).seq],
    [`${NODE}.2`, 201],
  );

  // Whoever may write the file can compute every hash anew. Only someone outside who saw the old head can tell.
  const rewritten = copy();
  tamper(rewritten, (db) => {
    dropAfter(db, 200);
    insertForged(db, 201);
  });
  assert.equal((await verifyEvidence(rewritten)).ok, true);
  const verdict = fault(await verifyEvidence(rewritten, { witnessed: [headAt(201)] }));
  assert.deepEqual([verdict.seq, verdict.why], [201, 'It is not the entry that was witnessed.']);
});

test('TH-59: a tail that was cut cannot be told without a witness, and is with one', async () => {
  for (const left of [0, 1, 4, 120, ENTRIES - 1]) {
    const file = copy();
    tamper(file, (db) => dropAfter(db, left));
    // Nothing in what is left says that there was more: this is what a witness is for.
    const alone = await verifyEvidence(file, { sealKey: SEAL_KEY });
    assert.deepEqual([alone.ok, alone.count], [true, left]);

    const verdict = fault(await verifyEvidence(file, { witnessed: [headAt(ENTRIES)] }));
    assert.deepEqual([verdict.seq, verdict.count], [ENTRIES, left]);
    assert.match(verdict.why, /tail was cut off/);
    if (left > 0) assert.equal((await verifyEvidence(file, { witnessed: [headAt(left)] })).ok, true);
  }
});

test('TH-59: facts that were changed, moved or added are found, and so is a hidden open decision', async () => {
  const cases: readonly (readonly [string, string])[] = [
    [
      'changed',
      `update sealed_facts set ciphertext = zeroblob(length(ciphertext)) where record_id = '${sampleId('dec', 4)}'`,
    ],
    [
      'moved',
      `update sealed_facts set nonce = (select nonce from sealed_facts where record_id = '${sampleId('dec', 0)}'),
      ciphertext = (select ciphertext from sealed_facts where record_id = '${sampleId('dec', 0)}') where record_id = '${sampleId('dec', 4)}'`,
    ],
    ['added', `insert into sealed_facts values ('org', 'dec_nobody', x'00', x'00')`],
    ['hidden', 'delete from unanswered'],
    ['invented', `insert into unanswered values ('org', '${sampleId('dec', 0)}')`],
    ['a table more', 'create table notes (text)'],
    ['a view more', 'create view recent as select * from entries'],
    ['an index less', 'drop index entries_task'],
    ['a trigger', 'create trigger quiet after insert on entries begin delete from unanswered; end'],
  ];
  for (const [what, sql] of cases) {
    const file = copy();
    tamper(file, (db) => db.exec(sql));
    assert.equal((await verifyEvidence(file, { sealKey: SEAL_KEY })).ok, false, what);
  }
});

test('sealed facts of an earlier chain that this key never opened are counted; those of the current chain are a fault', async () => {
  const file = join(folder, 'restored.db');
  const ours = new Uint8Array(32).fill(9);
  // As a restore without keys leaves it: the same file, a raised incarnation, and a key of its own.
  for (const [incarnation, sealKey, from] of [
    [1, SEAL_KEY, 0],
    [2, ours, 10],
  ] as const) {
    const log = await openSqliteEvidence({ file, org_id: 'org', node: NODE, incarnation, sealKey });
    for (let n = from; n < from + 3; n += 1) await log.append(decisionRecord(n, { effect: 'deny' }), sampleFacts(n));
    await log.close();
  }
  const now = await verifyEvidence(file, { sealKey: ours, currentChain: `${NODE}.2` });
  assert.ok(now.ok, JSON.stringify(now));
  assert.deepEqual([now.facts_checked, now.facts_sealed], [3, 3]);

  const strict = await verifyEvidence(file, { sealKey: ours });
  assert.equal(strict.ok, false, 'without knowing which chain is current, each must open');
  const wrongKey = await verifyEvidence(file, { sealKey: SEAL_KEY, currentChain: `${NODE}.2` });
  assert.deepEqual(wrongKey.ok ? null : [wrongKey.chain, wrongKey.seq], [`${NODE}.2`, 1]);

  // One key seals one chain: where some open, the others were changed.
  tamper(file, (db) =>
    db.exec(`update sealed_facts set ciphertext = zeroblob(40) where record_id = '${sampleId('dec', 0)}'`),
  );
  const torn = await verifyEvidence(file, { sealKey: SEAL_KEY, currentChain: `${NODE}.3` });
  assert.deepEqual(torn.ok ? null : [torn.chain, torn.seq], [`${NODE}.1`, 1]);
});

test('TH-59: any byte of the file itself: found, or nothing that can be read from it changed', async () => {
  const bytes = readFileSync(pristine);
  const whole = contentOf(pristine);
  const random = mulberry(20_261_101);
  let found = 0;
  for (let n = 0; n < 150; n += 1) {
    const at = Math.floor(random() * bytes.length);
    const file = join(folder, 'byte.db');
    const changed = Buffer.from(bytes);
    changed[at] = (changed[at] ?? 0) ^ (1 + Math.floor(random() * 255));
    writeFileSync(file, changed);
    let ok = false;
    try {
      ok = (await verifyEvidence(file, { sealKey: SEAL_KEY })).ok;
    } catch {
      // Refused whole, as no audit log: found.
    }
    if (ok) assert.equal(contentOf(file), whole, `byte ${at}`);
    else found += 1;
  }
  // The rest of a page is free space, which nobody reads.
  assert.ok(found > 60, `only ${found} of 150 touched anything`);
});

test('a chain verifies exactly when it was not touched', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: ENTRIES }),
      fc.constantFrom('prev', 'hash', 'bytes', 'record_id', 'at'),
      fc.double({ min: 0, max: 0.999, noNaN: true }),
      fc.integer({ min: 0, max: 255 }),
      async (seq, column, share, mask) => {
        const file = copy();
        tamper(file, (db) => flip(db, column, seq - 1, share, (byte) => byte ^ mask));
        const verdict = await verifyEvidence(file);
        assert.equal(verdict.ok, mask === 0);
        if (!verdict.ok) assert.equal(verdict.seq, seq);
      },
    ),
    { numRuns: 60 },
  );
});

test('an exported bundle verifies with nothing else at hand, and any changed byte of it is found', async () => {
  const file = await bundle({});
  const lines = readFileSync(file, 'utf8');
  const good = await verifyExport(file, { witnessed: [headAt(ENTRIES)] });
  assert.deepEqual([good.ok, good.count], [true, ENTRIES]);

  const bytes = Buffer.from(lines);
  const random = mulberry(7);
  for (let n = 0; n < 300; n += 1) {
    const changed = Buffer.from(bytes);
    const at = Math.floor(random() * bytes.length);
    changed[at] = (changed[at] ?? 0) ^ (1 + Math.floor(random() * 255));
    // The first line names what was asked for; its count and filter are not the log's words.
    if (at <= bytes.indexOf(10)) continue;
    writeFileSync(join(folder, 'changed.jsonl'), changed);
    assert.equal((await verifyExport(join(folder, 'changed.jsonl'))).ok, false, `byte ${at}`);
  }
  for (let seq = 1; seq <= ENTRIES; seq += 7) {
    writeFileSync(
      join(folder, 'dropped.jsonl'),
      lines
        .split('\n')
        .filter((_, at) => at !== seq)
        .join('\n'),
    );
    assert.equal((await verifyExport(join(folder, 'dropped.jsonl'))).ok, false);
  }
  for (const text of [
    '',
    '{}\n',
    '\n',
    lines.slice(0, -1),
    lines.slice(0, 5000),
    `${lines}{}\n`,
    lines.replace('{', '['),
  ]) {
    writeFileSync(join(folder, 'odd.jsonl'), text);
    assert.equal((await verifyExport(join(folder, 'odd.jsonl'))).ok, false);
  }
});

test('a bundle of some entries proves each of them', async () => {
  const file = await bundle({ effect: 'deny' });
  const verdict = await verifyExport(file);
  assert.deepEqual([verdict.ok, verdict.count], [true, ENTRIES / 4]);
  writeFileSync(file, readFileSync(file, 'utf8').replace('deploy-bot', 'deploy-bat'));
  assert.equal((await verifyExport(file)).ok, false);
});

/** In each four: an allowed decision, its outcome, a denied decision, a change; the last allowed one keeps waiting. */
async function fill(log: EvidenceLog): Promise<void> {
  const appends: Promise<unknown>[] = [];
  for (let n = 0; n < ENTRIES; n += 4) {
    const odd = n % 3 === 0 ? { purpose: 'A tool with \ufffd in its name' } : {};
    const action = { ...decisionRecord(n).action, ...(n % 3 === 0 ? { tool: 'read\ufffdfile' } : {}) };
    appends.push(
      log.append(decisionRecord(n, { ...odd, action }), sampleFacts(n)),
      n + 4 < ENTRIES ? log.append(outcomeRecord(n + 1, sampleId('dec', n))) : log.append(signalRecord(n + 1)),
      log.append(decisionRecord(n + 2, { effect: 'deny' })),
      log.append(changeRecord(n + 3)),
    );
  }
  await Promise.all(appends);
}

function copy(): string {
  const file = join(folder, `copy-${(copies += 1) % 4}.db`);
  copyFileSync(pristine, file);
  return file;
}

function tamper<T>(file: string, change: (db: DatabaseSync) => T): T {
  const db = new DatabaseSync(file);
  db.exec('pragma journal_mode = memory; pragma synchronous = off');
  const result = change(db);
  // As verify finds the file when nobody is writing it.
  db.exec('pragma journal_mode = wal');
  db.close();
  return result;
}

/** Changes one byte of the first entry from `from` on that has this column, through the tables; undefined when it is the same. */
function flip(
  db: DatabaseSync,
  column: string,
  from: number,
  share: number,
  change: (byte: number) => number,
): number | undefined {
  const row = db
    .prepare(`select seq, typeof(${column}) as type, cast(${column} as blob) as bytes from entries
      where ${column} is not null order by seq <= ${from}, seq limit 1`)
    .get();
  const bytes = Buffer.from(row?.['bytes'] as Uint8Array); // cast to blob
  const at = Math.floor(share * bytes.length);
  const before = bytes[at] ?? 0;
  bytes[at] = change(before) & 0xff;
  if (bytes[at] === before) return undefined;
  const seq = Number(row?.['seq']);
  if (row?.['type'] === 'integer') {
    const digit = (before - 0x30 + 1 + ((bytes[at] ?? 0) % 9)) % 10;
    bytes[at] = 0x30 + digit;
    db.prepare(`update or replace entries set ${column} = ? where seq = ?`).run(Number(bytes.toString()), seq);
  } else if (row?.['type'] === 'text') {
    db.prepare(`update entries set ${column} = cast(? as text) where seq = ?`).run(bytes, seq);
  } else db.prepare(`update entries set ${column} = ? where seq = ?`).run(bytes, seq);
  return seq;
}

function tries(db: DatabaseSync, sql: string): boolean {
  try {
    return Number(db.prepare(sql).run().changes) > 0;
  } catch {
    return false; // the strict table does not take it
  }
}

/** An entry that fits what is before it, as someone who knows the format would make it. */
function insertForged(db: DatabaseSync, seq: number): void {
  const prev = db.prepare('select hash from entries where seq = ?').get(seq - 1)?.['hash'] as Uint8Array | undefined; // a blob
  const record = decisionRecord(900_000, { effect: 'deny' });
  const text = JSON.stringify(sorted(record));
  const before = prev ?? new Uint8Array(32);
  const hash = linkHash(`sha256:${Buffer.from(before).toString('hex')}`, text);
  // The position in the file too is one that fits.
  db.exec(
    `update entries set rowid = -rowid where seq > ${seq}; update entries set rowid = 10000 - rowid where rowid < 0`,
  );
  db.prepare(
    `insert into entries (rowid, org_id, chain_id, seq, prev, hash, bytes, kind, record_id, at, actor, task, server, tool, effect, of_id)
     values (?, 'org', ?, ?, ?, ?, ?, 'decision', ?, ?, ?, ?, 'files', 'read_file', 'deny', null)`,
  ).run(
    9_999,
    CHAIN,
    seq,
    before,
    Buffer.from(hash.slice(7), 'hex'),
    text,
    record.id,
    record.at,
    record.actor,
    record.task,
  );
}

function sorted(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(sorted);
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, member]) => [key, sorted(member)]),
  );
}

/** Cuts the tail as someone careful would: nothing beside the entries tells of them either. */
function dropAfter(db: DatabaseSync, seq: number): void {
  db.exec(`delete from entries where seq > ${seq};
    delete from sealed_facts where record_id not in (select record_id from entries);
    delete from unanswered;
    insert into unanswered select org_id, record_id from entries d where kind = 'decision' and effect = 'allow'
      and not exists (select 1 from entries o where o.of_id = d.record_id)`);
}

function headAt(seq: number): WitnessedHead {
  const db = new DatabaseSync(pristine, { readOnly: true });
  const hash = db.prepare('select lower(hex(hash)) as hash from entries where seq = ?').get(seq)?.['hash'];
  db.close();
  return { chain: CHAIN, seq, hash: `sha256:${String(hash)}` };
}

function contentOf(file: string): string {
  const db = new DatabaseSync(file, { readOnly: true });
  const content = ['entries', 'sealed_facts', 'unanswered'].map((table) => db.prepare(`select * from ${table}`).all());
  db.close();
  return JSON.stringify(content);
}

async function bundle(filter: Parameters<typeof exportEvidence>[2]): Promise<string> {
  const file = join(folder, 'bundle.jsonl');
  const out = createWriteStream(file);
  await exportEvidence(pristine, 'org', filter, out);
  out.end();
  await finished(out);
  return file;
}

function fault(verdict: EvidenceVerdict): Extract<EvidenceVerdict, { ok: false }> {
  assert.ok(!verdict.ok, 'it verified');
  return verdict;
}

/** A small seeded generator, so that a failure can be repeated. */
function mulberry(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}
