import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import type { Action } from '../core/action.ts';
import { canonicalJson } from '../core/canonical-json.ts';
import { isMandateError, type ErrorCode } from '../core/errors.ts';
import { actorId, type DecisionId, type TaskId } from '../core/ids.ts';
import type { JsonObject } from '../core/json.ts';
import { mintPermit, type Permit, type PermitGrant } from '../core/permit.ts';
import type { Server } from '../core/server.ts';
import { pinnedParts, type ToolDefinition } from '../core/tool.ts';
import type { Hasher } from './hasher.ts';
import { nthId } from './sample-records.suite.ts';
import type { SendOptions, Upstream, UpstreamAnswer } from './upstream.ts';

/** An upstream with the sample server behind it (adapters/upstream/sample-server.suite.ts). */
export interface UpstreamRig {
  readonly upstream: Upstream;
  readonly server: Server;
  readonly hasher: Pick<Hasher, 'sha256'>;
  /** Changes what the server does from now on. */
  setState(state: JsonObject): void;
  /** The text of every message that the server was sent, and other marks of its transport. */
  received(): readonly string[];
  /** How the server notices that nobody waits for a request any longer. */
  readonly cancelMark: RegExp;
  /** Whether the server can say anything before its answer: not when that is plain JSON. */
  readonly streams: boolean;
  /** Whether a context is kept at the server itself. */
  readonly sessions: boolean;
}

export interface RigOptions {
  readonly call_ms_max?: number;
  readonly answer_bytes_max?: number;
}
export type OpenRig = (t: TestContext, options?: RigOptions) => Promise<UpstreamRig>;

export const ECHO_DEFINITION: ToolDefinition = {
  name: 'echo',
  title: 'Echo',
  description: 'Says it again.',
  inputSchema: { type: 'object', properties: { text: { type: 'string', 'x-mcp-header': 'Text' } } },
  outputSchema: { type: 'object' },
  annotations: { readOnlyHint: true },
};

const TASK = nthId('tsk', 1);
const OTHER_TASK = nthId('tsk', 2);
const AGENT = actorId('writer');

export function upstreamSuite(name: string, open: OpenRig): void {
  describe(name, () => {
    test('the forwarded params are the canonical text, byte for byte, and sent once', async (t) => {
      const rig = await open(t);
      const args = { text: 'é\u2028"\\\r\n‮ \u0000', z: [1, 0.5, -0.1, 1e21, null, true], a: { é: 1, e: 2 } };
      const action = call('echo', args);
      const answer = await send(rig, action);
      assert.equal(textOf(answer), JSON.stringify(JSON.parse(canonicalJson(args))));
      const calls = callsIn(rig);
      assert.equal(calls.length, 1);
      const contiguous = canonicalJson(action.params).slice(1);
      assert.ok(calls[0]?.endsWith(`${contiguous}}`) === true, 'the canonical text stands whole');
    });

    test('TH-39: an integer beyond 2^53 in a result is kept as it was written', async (t) => {
      const answer = await send(await open(t), call('number', {}));
      assert.equal(answer.kind, 'result');
      assert.match(JSON.stringify(answer), /9007199254740993/);
    });

    test('an error of the server is an answer', async (t) => {
      const answer = await send(await open(t), call('fail', {}));
      assert.deepEqual(answer.kind === 'error' && answer.error, { code: -32602, message: 'no such thing' });
    });

    test('a permit is spent once', async (t) => {
      const rig = await open(t);
      const permit = permitFor(rig, call('echo', { text: 'once' }));
      await rig.upstream.send(permit, rig.server, quiet());
      await rejects(rig.upstream.send(permit, rig.server, quiet()), 'permit.spent');
      const twice = permitFor(rig, call('echo', { text: 'twice' }));
      const both = await Promise.allSettled([1, 2].map(() => rig.upstream.send(twice, rig.server, quiet())));
      assert.deepEqual(both.map(({ status }) => status).sort(), ['fulfilled', 'rejected']);
      assert.equal(callsIn(rig).length, 2);
    });

    test('a permit that was revoked before it was used sends nothing, and leaves nothing open', async (t) => {
      const rig = await open(t);
      const permit = permitFor(rig, call('echo', {}), {}, () => false);
      await rejects(rig.upstream.send(permit, rig.server, quiet()), 'permit.spent');
      assert.deepEqual(callsIn(rig), []);
      await eventually(() => rig.upstream.stats().contexts === 0 && rig.upstream.stats().children === 0);
    });

    test('a permit for another server is refused', async (t) => {
      const rig = await open(t);
      const permit = permitFor(rig, call('echo', {}));
      await rejects(rig.upstream.send(permit, { ...rig.server, id: 'other' as Server['id'] }, quiet()), 'internal');
    });

    test('a call of a pinned tool goes through while the server still offers exactly it', async (t) => {
      for (const age_ms of [LONG_MS, 0]) {
        const rig = await open(t);
        for (const text of ['one', 'grün\r\n', '']) {
          assert.equal(textOf(await send(rig, call('echo', { text }), pinned(rig, age_ms))), JSON.stringify({ text }));
        }
        // Asked once for all its three pages, or before each call.
        assert.equal(listsIn(rig).length, age_ms === 0 ? 9 : 3);
      }
    });

    for (const mutate of FIELDS) {
      test(`TH-31: a definition that changes between list and call stops the call (${mutate})`, async (t) => {
        const rig = await open(t);
        await send(rig, call('echo', { text: 'before' }), pinned(rig, LONG_MS));
        rig.setState({ mutate });
        const answer = await send(rig, call('echo', { text: 'after' }), pinned(rig));
        assert.equal(answer.kind === 'definition_changed' && answer.offered?.name, 'echo');
        assert.equal(callsIn(rig).length, 1);
      });
    }

    test('TH-31: a tool that is gone, or offered twice, stops the call', async (t) => {
      for (const state of [{ gone: true }, { twice: true }]) {
        const rig = await open(t);
        rig.setState(state);
        const answer = await send(rig, call('echo', {}), pinned(rig));
        assert.deepEqual(answer, { kind: 'definition_changed', offered: null });
        assert.deepEqual(callsIn(rig), []);
      }
    });

    test('TH-31: a list_changed notice makes a list that is young enough be asked for again', async (t) => {
      const rig = await open(t);
      if (!rig.streams) return t.skip('a plain JSON answer carries no notice; the age limit bounds it');
      await send(rig, call('echo', {}), pinned(rig, LONG_MS));
      rig.setState({ mutate: 'description' });
      assert.equal((await send(rig, call('echo', {}), pinned(rig, LONG_MS))).kind, 'result', 'within the age limit');
      await send(rig, call('change', {}));
      assert.equal((await send(rig, call('echo', {}), pinned(rig, LONG_MS))).kind, 'definition_changed');
    });

    test('TH-31: what a server lists in one session says nothing about another', async (t) => {
      const rig = await open(t);
      if (!rig.sessions) return t.skip('this server has no sessions');
      rig.setState({ perSession: true });
      assert.equal((await send(rig, call('echo', {}), pinned(rig, LONG_MS))).kind, 'result');
      assert.equal(
        (await send(rig, call('echo', {}), { ...pinned(rig, LONG_MS), task: OTHER_TASK })).kind,
        'definition_changed',
      );
      assert.equal((await send(rig, call('echo', {}), pinned(rig, LONG_MS))).kind, 'result');
    });

    test('TH-43: tasks and agents share no context, and one that ended is not used again', async (t) => {
      const rig = await open(t);
      if (!rig.sessions) return t.skip('this server has no sessions');
      const first = textOf(await send(rig, call('count', {})));
      const other = textOf(await send(rig, call('count', {}), { task: OTHER_TASK }));
      const stranger = textOf(await send(rig, call('count', {}), { agent: actorId('reader'), task: nthId('tsk', 3) }));
      assert.equal(new Set([first, other, stranger].map((text) => text.split(' call ')[0])).size, 3);
      assert.match(textOf(await send(rig, call('count', {}))), /call 2$/);
      await rig.upstream.endTask(TASK);
      assert.match(textOf(await send(rig, call('count', {}))), /call 1$/);
      assert.match(textOf(await send(rig, call('count', {}), { task: OTHER_TASK })), /call 2$/);
    });

    test('a client that goes away ends the call, and the server hears of it', async (t) => {
      const rig = await open(t);
      const leaving = new AbortController();
      const sent = rig.upstream.send(permitFor(rig, call('slow', {})), rig.server, {
        ...quiet(),
        signal: leaving.signal,
      });
      await eventually(() => callsIn(rig).length === 1);
      leaving.abort();
      await rejects(sent, 'upstream.ended', true);
      await eventually(() => rig.received().some((text) => rig.cancelMark.test(text)));
      assert.equal(rig.upstream.stats().in_flight, 0);
      assert.equal(textOf(await send(rig, call('echo', {}))), '{}');
    });

    test('a client that was gone before sends nothing', async (t) => {
      const rig = await open(t);
      const sent = rig.upstream.send(permitFor(rig, call('echo', {})), rig.server, {
        ...quiet(),
        signal: AbortSignal.abort(),
      });
      await rejects(sent, 'upstream.ended', false);
      assert.deepEqual(rig.received(), []);
    });

    test('a server that does not answer in time is not waited for', async (t) => {
      const rig = await open(t, { call_ms_max: 1_500 });
      await send(rig, call('echo', {}));
      await rejects(send(rig, call('slow', {})), 'upstream.timeout', true);
      assert.equal(rig.upstream.stats().in_flight, 0);
    });

    test('TH-51: an answer over the limit is refused, and the next call works', async (t) => {
      const rig = await open(t, { answer_bytes_max: 50_000 });
      await rejects(send(rig, call('large', {})), 'upstream.too_large', true);
      assert.equal(textOf(await send(rig, call('echo', {}))), '{}');
    });

    test('progress of this request is handed on without our token, and only that, and nothing that is too large', async (t) => {
      const rig = await open(t);
      if (!rig.streams) return t.skip('a plain JSON answer carries no notification');
      const heard: [string, JsonObject][] = [];
      const options = {
        ...quiet(),
        wants_progress: true,
        onNotification: (method: string, params: JsonObject) => void heard.push([method, params]),
      };
      await rig.upstream.send(permitFor(rig, call('steps', {})), rig.server, options);
      assert.deepEqual(JSON.parse(JSON.stringify(heard)), [
        ['notifications/progress', { progress: 1 }],
        ['notifications/progress', { progress: 2 }],
        ['notifications/message', { level: 'info', data: 'halfway' }],
      ]);
    });

    test('a request of the server is refused and reported', async (t) => {
      const rig = await open(t);
      if (!rig.streams) return t.skip('a plain JSON answer carries no request');
      const asked: string[] = [];
      const options = { ...quiet(), onServerRequest: (method: string) => void asked.push(method) };
      const answered = rig.upstream.send(permitFor(rig, call('ask', {})), rig.server, options);
      if (rig.cancelMark.source.includes('closed')) {
        // Modern: there is no way to answer such a request, so it is enough that it is seen and nothing comes of it.
        await eventually(() => asked.length === 1);
        await rig.upstream.endTask(TASK);
        await rejects(answered, 'upstream.ended', true);
      } else {
        assert.equal(textOf(await answered), 'refused with -32601');
      }
      assert.deepEqual(asked, ['sampling/createMessage']);
    });

    test('given _meta goes along, but never in place of the envelope or of our progress token', async (t) => {
      const rig = await open(t);
      const meta = {
        traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
        progressToken: 'theirs',
        'io.modelcontextprotocol/protocolVersion': 'forged',
        'io.modelcontextprotocol/clientInfo': { name: 'forged', version: '0' },
      };
      const answer = await rig.upstream.send(permitFor(rig, call('meta', {})), rig.server, { ...quiet(), meta });
      assert.match(textOf(answer), /"traceparent":"00-4bf9/);
      assert.doesNotMatch(textOf(answer), /theirs|forged/);
    });

    test('all pages of tools are listed, in a context that ends with the listing', async (t) => {
      const rig = await open(t);
      const listed = await rig.upstream.listTools(listPermit(rig), rig.server);
      assert.equal(listed.length, 10);
      assert.deepEqual(JSON.parse(JSON.stringify(listed[0])), ECHO_DEFINITION);
      assert.deepEqual(rig.upstream.stats(), { contexts: 0, children: 0, in_flight: 0 });
      const permit = listPermit(rig);
      await rig.upstream.listTools(permit, rig.server);
      await rejects(rig.upstream.listTools(permit, rig.server), 'permit.spent');
    });

    test('a list with a tool twice, a definition that is none, or no end is refused', async (t) => {
      for (const [state, code] of [
        [{ twice: true }, 'server.definition'],
        [{ malformed: true }, 'server.definition'],
        [{ endless: true }, 'upstream.too_large'],
      ] as const) {
        const rig = await open(t);
        rig.setState(state);
        await rejects(rig.upstream.listTools(listPermit(rig), rig.server), code);
      }
    });

    test('ending a task, an agent or a server ends its calls and leaves nothing', async (t) => {
      const rig = await open(t);
      const ends = [
        () => rig.upstream.endTask(TASK),
        () => rig.upstream.endAgent(AGENT),
        () => rig.upstream.endServer(rig.server.id),
        () => rig.upstream.close(),
      ];
      for (const [index, end] of ends.entries()) {
        const sent = send(rig, call('slow', {}));
        void sent.catch(() => undefined); // looked at below
        await eventually(() => callsIn(rig).length === index + 1);
        await end();
        await rejects(sent, 'upstream.ended', true);
        assert.deepEqual(rig.upstream.stats(), { contexts: 0, children: 0, in_flight: 0 });
      }
      await rejects(send(rig, call('echo', {})), 'upstream.ended', false);
    });

    test('a listener that fails ends its own call and no other', async (t) => {
      const rig = await open(t);
      if (!rig.streams) return t.skip('a plain JSON answer carries no notification');
      const onNotification = (): never => {
        throw new Error('the client is gone');
      };
      const options = { ...quiet(), wants_progress: true, onNotification };
      const failing = rig.upstream.send(permitFor(rig, call('slow', {})), rig.server, options);
      const fine = send(rig, call('echo', {}));
      await rejects(failing, 'upstream.ended', true);
      assert.equal(textOf(await fine), '{}');
    });

    test('many calls at once each get their own answer', async (t) => {
      const rig = await open(t);
      const numbers = Array.from({ length: 30 }, (_, n) => n);
      const answers = await Promise.all(numbers.map((n) => send(rig, call('echo', { n }))));
      assert.deepEqual(
        answers.map(textOf),
        numbers.map((n) => JSON.stringify({ n })),
      );
    });
  });
}

const FIELDS = [
  'title',
  'description',
  'inputSchema',
  'outputSchema',
  'annotations',
  'without-title',
  'without-annotations',
];

export function call(tool: string, args: JsonObject): Action {
  return { kind: 'call', server: SERVER, tool, method: 'tools/call', params: { name: tool, arguments: args } };
}

const SERVER = 'sample' as Server['id']; // a slug

export function permitFor(
  rig: Pick<UpstreamRig, 'server'>,
  action: Action,
  more: Partial<PermitGrant> = {},
  stillGood: () => boolean = () => true,
): Permit {
  const grant: PermitGrant = {
    under: nthId('dec', 1) satisfies DecisionId,
    server: rig.server.id,
    task: TASK satisfies TaskId,
    agent: AGENT,
    action,
    definition_digest: null,
    definition_age_ms_max: 0,
    ...more,
  };
  return mintPermit(grant, stillGood);
}

export function listPermit(rig: Pick<UpstreamRig, 'server'>): Permit {
  const action: Action = { kind: 'list', server: SERVER, tool: null, method: 'tools/list', params: {} };
  return permitFor(rig, action, { task: null, agent: null });
}

function pinned(rig: UpstreamRig, definition_age_ms_max = 0): Partial<PermitGrant> {
  const definition_digest = rig.hasher.sha256(canonicalJson(pinnedParts(ECHO_DEFINITION)));
  return { definition_digest, definition_age_ms_max };
}
/** Longer than any test. */
const LONG_MS = 60_000;

export function send(
  rig: Pick<UpstreamRig, 'upstream' | 'server'>,
  action: Action,
  more: Partial<PermitGrant> = {},
): Promise<UpstreamAnswer> {
  return rig.upstream.send(permitFor(rig, action, more), rig.server, quiet());
}

export function quiet(): SendOptions {
  return {
    signal: new AbortController().signal,
    wants_progress: false,
    meta: {},
    onNotification: () => undefined,
    onServerRequest: () => undefined,
  };
}

export async function rejects(work: Promise<unknown>, code: ErrorCode, may_have_run?: boolean): Promise<void> {
  await assert.rejects(work, (error) => {
    assert.ok(isMandateError(error), String(error));
    assert.equal(error.code, code, error.message);
    if (may_have_run !== undefined) assert.equal(error.may_have_run, may_have_run, error.message);
    return true;
  });
}

export function textOf(answer: UpstreamAnswer): string {
  assert.equal(answer.kind, 'result', JSON.stringify(answer));
  const content = answer.kind === 'result' ? answer.result['content'] : undefined;
  const [first] = (content ?? []) as readonly { readonly text?: string }[]; // the sample server's own form
  return first?.text ?? '';
}

function callsIn(rig: UpstreamRig): readonly string[] {
  return rig.received().filter((text) => text.includes('"method":"tools/call"'));
}

function listsIn(rig: UpstreamRig): readonly string[] {
  return rig.received().filter((text) => text.includes('"method":"tools/list"'));
}

/** Looks again on each turn of the loop until it is so, or fails after five seconds. */
export async function eventually(isSo: () => boolean): Promise<void> {
  const deadline = performance.now() + 5_000;
  while (!isSo()) {
    assert.ok(performance.now() < deadline, 'it did not happen in time');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
