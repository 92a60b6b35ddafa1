import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test, type TestContext } from 'node:test';
import { ask, callTool, done, type Called } from '../e2e/api.fixture.ts';
import type { Approval } from '../e2e/organisation.fixture.ts';
import { operatorToken } from '../e2e/operator-token.fixture.ts';
import { folder, runProgram, serving } from '../e2e/program.fixture.ts';
import { openRecordedOrganisation } from '../e2e/recorded-organisation.fixture.ts';
import { receivedCalls } from '../e2e/recording-server.fixture.ts';

// kill -9 cannot show that a commit survives power loss; it shows that nothing is acknowledged, sent or used up before it
// is committed, and that a start takes up what was left.

const ROUNDS = Number(process.env['MANDATE_KILLS'] ?? 5);
const READY_MS_MAX = 2_000;
const AGENTS = ['worker-a', 'worker-b'];
const READERS_PER_AGENT = 6;
/** Of each agent and round; far fewer than it may ask for. */
const HELD_PER_ROUND = 6;

test(`TH-57 killed ${ROUNDS} times under load, it loses nothing it acknowledged and did nothing it had not committed`, async (t) => {
  const data = join(folder(t), 'data');
  const setUp = await openRecordedOrganisation(t, { data, agents: AGENTS });
  const tokens: string[] = [];
  for (const agent of AGENTS) tokens.push((await setUp.taskOf(agent)).token);
  const { record, passphraseOf } = { record: setUp.record, passphraseOf: (human: string) => setUp.passphraseOf(human) };
  await setUp.close();

  const seen: Seen = { decisions: new Map(), approved: new Set(), puts: 0 };
  const ready_ms: number[] = [];
  let unknown = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    const { program, url, ready_ms: ready } = await serving(t, data);
    ready_ms.push(ready);
    if (round > 0) {
      unknown += await checkAfterCrash(t, { data, url, record, seen, tokens });
    }
    const ruth = await steppedUp(url, passphraseOf('ruth'));
    await loadUntilKilled({ url, tokens, ruth, round, seen, kill: () => program.kill('SIGKILL') });
    assert.equal(await program.ended, 'SIGKILL');
    const verified = await runProgram(t, ['audit', 'verify', '--data', data]);
    assert.equal(verified.status, 0, `after a crash, before a start: ${verified.stdout}${verified.stderr}`);
  }
  const last = await serving(t, data);
  ready_ms.push(last.ready_ms);
  unknown += await checkAfterCrash(t, { data, url: last.url, record, seen, tokens });
  assert.equal(await last.stop(), 0);
  const verified = await runProgram(t, ['audit', 'verify', '--data', data]);
  assert.equal(verified.status, 0, verified.stdout);

  const sorted = ready_ms.toSorted((a, b) => a - b).map(Math.round);
  const median_ms = sorted[Math.floor(sorted.length / 2)] ?? Number.POSITIVE_INFINITY;
  t.diagnostic(
    `ready again in ms: ${sorted.join(', ')}; ${seen.decisions.size} acknowledged, ${unknown} outcomes unknown, ${seen.approved.size} approved`,
  );
  assert.ok(median_ms < READY_MS_MAX, `ready after ${median_ms} ms`);
  assert.ok(unknown >= ROUNDS, 'the call that never ends left no unknown outcome');
});

interface Seen {
  /** Every decision that an answer told of. */
  readonly decisions: Map<string, NonNullable<Called['effect']>>;
  /** Approvals that were answered with yes and acknowledged. */
  readonly approved: Set<string>;
  puts: number;
}

interface Load {
  readonly url: string;
  readonly tokens: readonly string[];
  readonly ruth: string;
  readonly round: number;
  readonly seen: Seen;
  readonly kill: () => void;
}

/** Reads, writes that are held, approved and repeated, and one call that never ends, until enough was answered. */
async function loadUntilKilled({ url, tokens, ruth, round, seen, kill }: Load): Promise<void> {
  // Another moment in each round, the same in each run.
  const answers_max = 60 + ((round * 37) % 80);
  let answers = 0;
  let dead = false;
  const call = async (token: string, tool: string, args: object): Promise<Called | null> => {
    const called = await callTool(`${url}/mcp`, token, `rec__${tool}`, args).catch(() => null);
    const { decision = null, effect = null } = called ?? {};
    if (decision !== null && effect !== null) seen.decisions.set(decision, effect);
    answers += 1;
    if (answers >= answers_max && !dead) {
      dead = true;
      kill();
    }
    return called;
  };
  const reader = async (token: string, who: string): Promise<void> => {
    for (let n = 0; !dead; n += 1) await call(token, 'look', { who, n, round });
  };
  const writer = async (token: string): Promise<void> => {
    for (let n = 0; n < HELD_PER_ROUND && !dead; n += 1) {
      seen.puts += 1;
      const args = { put: seen.puts };
      const held = await call(token, 'put', args);
      const id = held?.approval ?? null;
      if (id === null) return;
      const path = `${url}/v1/approvals/${id}`;
      const approval = await done<Approval>(ask(path, 'GET', ruth)).catch(() => null);
      if (approval === null) return;
      const yes = await ask(`${path}/approve`, 'POST', ruth, { digest: approval.digest, reason: 'Under load.' }).catch(
        () => null,
      );
      if (yes?.status === 200) seen.approved.add(approval.id);
      await call(token, 'put', args);
      await call(token, 'put', args);
    }
  };
  const endless = tokens.map((token) => callTool(`${url}/mcp`, token, 'rec__watch', { round }).catch(() => null));
  await Promise.all([
    ...endless,
    ...tokens.map(writer),
    ...tokens.flatMap((token, agent) =>
      Array.from({ length: READERS_PER_AGENT }, (_, n) => reader(token, `${agent}.${n}`)),
    ),
  ]);
}

interface Crashed {
  readonly data: string;
  readonly url: string;
  readonly record: string;
  readonly seen: Seen;
  readonly tokens: readonly string[];
}

/** @returns how many outcomes are unknown that were not said to be so before */
async function checkAfterCrash(t: TestContext, { data, url, record, seen, tokens }: Crashed): Promise<number> {
  const evidence = readEvidence(data);
  for (const [id, effect] of seen.decisions) {
    assert.equal(evidence.decisions.get(id)?.effect, effect, `the acknowledged decision ${id} is not in the evidence`);
  }

  const key = readFileSync(join(data, 'keys', 'digest.key'));
  const calls = receivedCalls(record);
  const allowed = [...evidence.decisions.values()].filter(({ effect }) => effect === 'allow');
  const counted = new Map<string, number>();
  for (const { digest } of allowed) counted.set(digest, (counted.get(digest) ?? 0) + 1);
  for (const { params } of calls) {
    const digest = `hmac-sha256:${createHmac('sha256', key).update(params).digest('hex')}`;
    const left = counted.get(digest) ?? 0;
    assert.ok(left > 0, `the server was sent a call that no committed decision allows: ${params}`);
    counted.set(digest, left - 1);
  }
  const puts = calls.filter(({ name }) => name === 'put').map(({ params }) => params);
  assert.equal(new Set(puts).size, puts.length, 'one approval was used twice');
  assert.ok(puts.length <= seen.approved.size + tokens.length, 'more was done than was approved');

  let unknown = 0;
  for (const decision of allowed) {
    const statuses = evidence.outcomes.get(decision.id) ?? [];
    assert.equal(statuses.length, 1, `the allowed ${decision.id} has ${statuses.length} outcomes`);
    if (statuses[0] !== 'unknown') continue;
    unknown += 1;
    assert.ok(evidence.signals.has(decision.id), `nobody was told of the unknown outcome of ${decision.id}`);
  }

  // What was used up stays used up: the same call asks again.
  const used = await done<{ items: readonly Approval[] }>(
    ask(`${url}/v1/approvals?state=consumed&limit=500`, 'GET', operatorToken(data)),
  );
  const [newest] = used.items;
  if (newest !== undefined) {
    const { arguments: args } = JSON.parse(newest.subject.shown) as { arguments: object }; // canonical JSON of the call
    for (const token of tokens) {
      const again = await callTool(`${url}/mcp`, token, 'rec__put', args);
      assert.equal(again.effect, 'hold', again.answer.text);
      assert.notEqual(again.approval, newest.id);
    }
  }
  const fresh = unknown - (told.get(data) ?? 0);
  told.set(data, unknown);
  t.diagnostic(
    `${allowed.length} allowed, ${calls.length} reached the server, ${fresh} outcomes newly unknown, ${used.items.length} approvals used up`,
  );
  return fresh;
}

const told = new Map<string, number>();

interface Evidence {
  readonly decisions: ReadonlyMap<string, { readonly id: string; readonly effect: string; readonly digest: string }>;
  readonly outcomes: ReadonlyMap<string, readonly string[]>;
  /** The decisions that an `outcome_unknown` is about. */
  readonly signals: ReadonlySet<string>;
}

interface Row {
  readonly kind: string;
  readonly id: string;
  readonly effect: string;
  readonly action: { readonly arguments_digest: string };
  readonly of: string;
  readonly status: string;
  readonly about: { readonly id: string };
}

function readEvidence(data: string): Evidence {
  const db = new DatabaseSync(join(data, 'audit.db'), { readOnly: true });
  const rows = db
    .prepare('select bytes from entries order by seq')
    .all()
    .map(({ bytes }) => JSON.parse(String(bytes)) as Row); // the record as it was hashed
  db.close();
  const outcomes = new Map<string, string[]>();
  for (const { kind, of, status } of rows) {
    if (kind === 'outcome') outcomes.set(of, [...(outcomes.get(of) ?? []), status]);
  }
  const decisions = rows
    .filter(({ kind }) => kind === 'decision')
    .map(({ id, effect, action }) => [id, { id, effect, digest: action.arguments_digest }] as const);
  const signals = rows.filter(({ kind }) => kind === 'signal').map(({ about }) => about.id);
  return { decisions: new Map(decisions), outcomes, signals: new Set(signals) };
}

async function steppedUp(url: string, passphrase: string): Promise<string> {
  const { token } = await done<{ token: string }>(ask(`${url}/v1/login`, 'POST', null, { human: 'ruth', passphrase }));
  return (await done<{ token: string }>(ask(`${url}/v1/step-up`, 'POST', token, { passphrase }))).token;
}
