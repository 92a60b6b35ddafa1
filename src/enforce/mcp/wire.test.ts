import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { forwardedParams } from '../../core/action.ts';
import type { JsonObject } from '../../core/json.ts';
import { pin } from '../../govern/control.fixture.ts';
import { INITIALIZE, legacy, modern, openMcpFixture, type Answer } from './mcp.fixture.ts';

const mcp = await openMcpFixture();
after(() => mcp.close());
const { secret } = await mcp.bearer();

const CALL = modern('tools/call', { name: 'read_file', arguments: { path: '/a' } });

/** A modern call whose arguments are written as given. */
function callText(args: string, envelope = ''): string {
  return JSON.stringify(CALL.body)
    .replace('{"path":"/a"}', () => args)
    .replace('{"jsonrpc"', () => `{${envelope}"jsonrpc"`);
}

async function sentBy(
  body: string | Uint8Array,
): Promise<{ readonly answer: Answer; readonly sent: readonly string[] }> {
  mcp.sent.length = 0;
  const answer = await mcp.post('/mcp/files', secret, body, CALL.headers);
  return { answer, sent: mcp.sent.map(({ action }) => forwardedParams(action)) };
}

function refused(name: string, body: string | Uint8Array, code: number): void {
  test(name, async () => {
    const { answer, sent } = await sentBy(body);
    assert.equal(answer.status, 400, answer.text);
    assert.equal((answer.body['error'] as JsonObject)['code'], code, answer.text);
    assert.deepEqual(sent, []);
  });
}

for (const [where, body] of [
  ['in the envelope', JSON.stringify(CALL.body).replace('"id":1', '"id":1,"id":2')],
  ['in params', JSON.stringify(CALL.body).replace('"name":"read_file"', '"name":"read_file","name":"delete_file"')],
  ['in arguments', callText('{"path":"/a","path":"/b"}')],
  ['deep in arguments', callText('{"a":[{"b":{"c":1,"c":2}}]}')],
  ['written with escapes', callText('{"path":"/a","p\\u0061th":"/b"}')],
] as const) {
  refused(`TH-37: a duplicate key ${where} is refused and nothing is sent`, body, -32700);
}

test('TH-38: every case and fold variant of each protocol key is refused', async () => {
  const paths: readonly (readonly [string, string])[] = [
    ['jsonrpc', '"jsonrpc"'],
    ['id', '"id"'],
    ['method', '"method"'],
    ['params', '"params"'],
    ['name', '"name":"read_file"'],
    ['arguments', '"arguments"'],
    ['_meta', '"_meta"'],
  ];
  for (const [key, written] of paths) {
    for (const variant of variantsOf(key)) {
      const text = JSON.stringify(CALL.body);
      const added = text.replace(written, () => `${JSON.stringify(variant)}:1,${written}`);
      const { answer, sent } = await sentBy(added);
      assert.deepEqual([answer.status, sent], [400, []], `${variant} beside ${key}`);
      const instead = text.replace(`"${key}":`, () => `${JSON.stringify(variant)}:`);
      assert.equal((await sentBy(instead)).sent.length, 0, `${variant} instead of ${key}`);
    }
  }
});

test('TH-38: a variant of a declared argument is refused, and a tool that is out of reach does not tell', async () => {
  for (const variant of ['Path', 'PATH', 'pa\u0308th'.normalize('NFC'), 'ｐath', 'pat\u200bh']) {
    const { answer, sent } = await sentBy(callText(JSON.stringify({ [variant]: '/b' })));
    assert.deepEqual([answer.status, sent], [400, []], variant);
  }
  const { sent } = await sentBy(callText('{"Other":1,"other":2}'));
  assert.equal(sent.length, 1);
});

for (const extra of ['"agent":"x",', '"result":{},', '"error":{},', '"$schema":1,']) {
  refused(`TH-38: an envelope with ${extra.slice(0, -1)} is refused`, callText('{}', extra), -32600);
}

test('TH-39: a number that two readers could see differently is refused', async (t) => {
  for (const literal of [
    '9007199254740993',
    '-9007199254740993',
    '1e400',
    '-0',
    '-0.0',
    '1e-400',
    '0.1000000000000000055511151231257827',
  ]) {
    await t.test(literal, async () => {
      const { answer, sent } = await sentBy(callText(`{"n":${literal}}`));
      assert.equal((answer.body['error'] as JsonObject)['code'], -32700);
      assert.deepEqual(sent, []);
    });
  }
});

test('TH-39: what is decided on is what is sent: 1.0 and 1 are one value, every accepted one arrives as itself', async () => {
  assert.deepEqual((await sentBy(callText('{"n":1.0,"m":1e2}'))).sent, [
    '{"arguments":{"m":100,"n":1},"name":"read_file"}',
  ]);
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(fc.double({ min: -1e9, max: 1e9, noNaN: true }), fc.double({ noNaN: true, noDefaultInfinity: true })),
      async (number) => {
        const { sent } = await sentBy(callText(`{"n":${JSON.stringify(number)}}`));
        const [text] = sent;
        // Plus zero, since JSON.stringify writes minus zero as 0.
        if (text !== undefined)
          assert.equal((JSON.parse(text) as { arguments: { n: number } }).arguments.n, number + 0); // of the shape just sent
      },
    ),
    { numRuns: 50 },
  );
});

for (const key of ['__proto__', 'constructor', 'prototype', '\\u005f_proto__']) {
  refused(`TH-40: the key ${key} is refused wherever it stands`, callText(`{"a":{"${key}":{"admin":true}}}`), -32700);
}
test('TH-40: nothing that was sent has reached the prototype of all objects', async () => {
  await sentBy(callText('{"path":"/a","hasOwnProperty":1,"toString":2}'));
  assert.equal(({} as Record<string, unknown>)['admin'], undefined);
  assert.deepEqual(Object.keys(Object.prototype), []);
});

test('TH-41: bytes that are no text in one reading are refused', async (t) => {
  const [before = '', after_ = ''] = callText('{"path":"@"}').split('@');
  const around = (...bytes: readonly number[]): Uint8Array =>
    Buffer.concat([Buffer.from(before), Buffer.from(bytes), Buffer.from(after_)]);
  const cases: readonly (readonly [string, Uint8Array | string])[] = [
    ['an overlong slash', around(0xc0, 0xaf)],
    ['a lone continuation byte', around(0x80)],
    ['a cut sequence', around(0xe2, 0x82)],
    ['a surrogate in UTF-8', around(0xed, 0xa0, 0x80)],
    ['an escaped lone surrogate', callText('{"path":"\\ud800"}')],
    ['a byte order mark', Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), Buffer.from(callText('{}'))])],
    ['UTF-16', Buffer.from(callText('{}'), 'utf16le')],
    ['NUL in a key', callText('{"a\\u0000b":1}')],
    ['a raw control character', around(0x01)],
    ['nothing', ''],
    ['something behind the end', `${callText('{}')}{}`],
  ];
  for (const [name, body] of cases) {
    await t.test(name, async () => {
      const { answer, sent } = await sentBy(body);
      assert.equal((answer.body['error'] as JsonObject)['code'], -32700, answer.text);
      assert.deepEqual(sent, []);
    });
  }
});

test('TH-41: composed, decomposed, bidi and tag characters in a value arrive as they were sent', async () => {
  for (const text of ['é', 'e\u0301', '\u202egnp.exe', '\u{e0041}', '\u200b', 'a\u0000b']) {
    const { sent } = await sentBy(callText(JSON.stringify({ path: text })));
    assert.equal((JSON.parse(sent[0] ?? '{}') as { arguments?: { path?: string } }).arguments?.path, text); // of the shape just sent
  }
});

test('TH-41: no bytes at all make it fail or let something through that was not sent', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (bytes) => {
      const { answer, sent } = await sentBy(bytes);
      assert.deepEqual([answer.status, sent], [400, []]);
    }),
    { numRuns: 50 },
  );
});

test('batches are refused in both eras', async () => {
  for (const batch of [[], [CALL.body], [legacy('tools/list'), legacy('tools/list', {}, 2)]]) {
    assert.equal((await mcp.post('/mcp/files', secret, batch)).status, 400);
    assert.equal((await mcp.post('/mcp/files', secret, batch, CALL.headers)).status, 400);
  }
});

test('TH-44: headers that disagree with the body, or are missing, are refused with 400', async (t) => {
  const without = (name: string) => Object.fromEntries(Object.entries(CALL.headers).filter(([key]) => key !== name));
  const versioned = (version: string) => ({
    ...CALL.body,
    params: {
      ...(CALL.body['params'] as JsonObject),
      _meta: {
        ...((CALL.body['params'] as JsonObject)['_meta'] as JsonObject),
        'io.modelcontextprotocol/protocolVersion': version,
      },
    },
  });
  const cases: readonly (readonly [string, JsonObject, Record<string, string>, number])[] = [
    ['another method', CALL.body, { ...CALL.headers, 'mcp-method': 'tools/list' }, -32020],
    ['the method in another case', CALL.body, { ...CALL.headers, 'mcp-method': 'Tools/Call' }, -32020],
    ['another name', CALL.body, { ...CALL.headers, 'mcp-name': 'write_file' }, -32020],
    ['a badly encoded name', CALL.body, { ...CALL.headers, 'mcp-name': '=?base64?@@?=' }, -32020],
    [
      'an encoded other name',
      CALL.body,
      { ...CALL.headers, 'mcp-name': `=?base64?${Buffer.from('write_file').toString('base64')}?=` },
      -32020,
    ],
    ['another version', CALL.body, { ...CALL.headers, 'mcp-protocol-version': '2025-11-25' }, -32020],
    ['no version', CALL.body, without('mcp-protocol-version'), -32020],
    ['no method', CALL.body, without('mcp-method'), -32020],
    ['no name', CALL.body, without('mcp-name'), -32020],
    [
      'a version nobody speaks',
      versioned('2099-01-01'),
      { ...CALL.headers, 'mcp-protocol-version': '2099-01-01' },
      -32022,
    ],
    [
      'a legacy version in a modern envelope',
      versioned('2025-11-25'),
      { ...CALL.headers, 'mcp-protocol-version': '2025-11-25' },
      -32022,
    ],
    ['a modern header over a legacy body', legacy('tools/list'), { 'mcp-protocol-version': '2026-07-28' }, -32602],
    ['a modern header over initialize', INITIALIZE, { 'mcp-protocol-version': '2026-07-28' }, -32020],
    ['a version nobody speaks over a legacy body', INITIALIZE, { 'mcp-protocol-version': '1999-01-01' }, -32022],
    [
      'an envelope without capabilities',
      {
        ...CALL.body,
        params: { name: 'read_file', _meta: { 'io.modelcontextprotocol/protocolVersion': '2026-07-28' } },
      },
      CALL.headers,
      -32602,
    ],
    ['another method over a legacy body', INITIALIZE, { 'mcp-method': 'tools/call' }, -32020],
  ];
  for (const [name, body, headers, code] of cases) {
    await t.test(name, async () => {
      mcp.sent.length = 0;
      const answer = await mcp.post('/mcp/files', secret, body, headers);
      assert.equal(answer.status, 400, answer.text);
      assert.deepEqual(
        [(answer.body['error'] as JsonObject)['code'], answer.body['id'], mcp.sent.length],
        [code, 1, 0],
        answer.text,
      );
    });
  }
  await t.test('a session keeps its version', async () => {
    const begun = await mcp.post('/mcp/files', secret, INITIALIZE);
    const session = { 'mcp-session-id': String(begun.headers['mcp-session-id']) };
    assert.equal(
      (await mcp.post('/mcp/files', secret, legacy('tools/list'), { ...session, 'mcp-protocol-version': '2025-11-25' }))
        .status,
      200,
    );
    assert.equal(
      (await mcp.post('/mcp/files', secret, legacy('tools/list'), { ...session, 'mcp-protocol-version': '2025-06-18' }))
        .status,
      400,
    );
  });
  await t.test('nothing older than the first revision with this transport is negotiated', async () => {
    for (const [asked, given] of [
      ['2025-11-25', '2025-11-25'],
      ['2025-06-18', '2025-06-18'],
      ['2025-03-26', '2025-03-26'],
      ['2024-11-05', '2025-11-25'],
      ['2026-07-28', '2025-11-25'],
      ['x', '2025-11-25'],
    ]) {
      const begun = await mcp.post(
        '/mcp/files',
        secret,
        legacy('initialize', {
          protocolVersion: asked ?? '',
          capabilities: {},
          clientInfo: { name: 't', version: '1' },
        }),
      );
      assert.equal((begun.body['result'] as JsonObject)['protocolVersion'], given, String(asked));
    }
  });
});

test('TH-44: the headers that repeat arguments must equal them', async (t) => {
  const routed = {
    name: 'routed',
    inputSchema: {
      type: 'object',
      properties: { tenant: { type: 'string', 'x-mcp-header': 'Tenant' }, n: { type: 'integer', 'x-mcp-header': 'N' } },
    },
  };
  await mcp.control.write({ noun: 'tool', value: pin(mcp.control.hasher, routed) });
  const cases: readonly (readonly [string, JsonObject, Record<string, string>, number])[] = [
    ['equal', { tenant: 'a', n: 1 }, { 'mcp-param-tenant': 'a', 'mcp-param-n': '1' }, 200],
    [
      'equal, encoded',
      { tenant: 'ä' },
      { 'mcp-param-tenant': `=?base64?${Buffer.from('ä').toString('base64')}?=` },
      200,
    ],
    ['absent in both', {}, {}, 200],
    ['null and absent', { tenant: null }, {}, 200],
    ['another value', { tenant: 'a' }, { 'mcp-param-tenant': 'b' }, 400],
    ['missing header', { tenant: 'a' }, {}, 400],
    ['missing argument', {}, { 'mcp-param-tenant': 'a' }, 400],
    ['badly encoded', { tenant: 'a' }, { 'mcp-param-tenant': '=?base64?a?=' }, 400],
  ];
  for (const [name, args, headers, status] of cases) {
    await t.test(name, async () => {
      const call = modern('tools/call', { name: 'routed', arguments: args });
      const answer = await mcp.post('/mcp/files', secret, call.body, { ...call.headers, ...headers });
      assert.equal(answer.status, status, answer.text);
      if (status === 400) assert.equal((answer.body['error'] as JsonObject)['code'], -32020);
    });
  }
});

test('content type, content coding and accept are checked before the body is read', async () => {
  const cases: readonly (readonly [Record<string, string>, number])[] = [
    [{ 'content-type': 'application/json; charset=utf-8' }, 200],
    [{ 'content-type': 'Application/JSON;charset="UTF-8"' }, 200],
    [{ 'content-type': 'text/plain' }, 415],
    [{ 'content-type': 'application/json; charset=utf-16' }, 415],
    [{ 'content-type': 'application/jsonp' }, 415],
    [{ 'content-encoding': 'gzip' }, 415],
    [{ 'content-encoding': 'identity' }, 415],
    [{ accept: 'text/html' }, 406],
    [{ accept: 'application/json;q=0' }, 406],
    [{ accept: '*/*' }, 200],
    [{ accept: 'text/event-stream' }, 200],
  ];
  for (const [headers, status] of cases) {
    const answer = await mcp.post('/mcp/files', secret, CALL.body, { ...CALL.headers, ...headers });
    assert.equal(answer.status, status, JSON.stringify(headers));
  }
});

test('TH-51: a body of the limit is read, one byte more is 413, whether or not its length was told', async () => {
  const limit = 1_048_576;
  const sized = (bytes: number): string =>
    callText(JSON.stringify({ path: 'x'.repeat(bytes - callText('{"path":""}').length) }));
  assert.equal(Buffer.byteLength(sized(limit)), limit);
  assert.equal((await sentBy(sized(limit))).answer.status, 200);
  assert.equal((await sentBy(sized(limit + 1))).answer.status, 413);
  const head = `POST /mcp/files HTTP/1.1\r\nHost: 127.0.0.1:${mcp.port}\r\nAuthorization: Bearer ${secret}\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n`;
  const chunk = `10000\r\n${'x'.repeat(65_536)}\r\n`;
  assert.match(await mcp.raw(head + chunk.repeat(17), /\r\n\r\n\{.*\}/), /^HTTP\/1\.1 413 /);
});

test('TH-51: nesting beyond 32 is refused before anything could recurse over it', async () => {
  const nested = (depth: number): string => callText(`{"a":${'['.repeat(depth)}${']'.repeat(depth)}}`);
  // envelope, params and arguments are three levels of their own
  assert.equal((await sentBy(nested(29))).answer.status, 200);
  for (const depth of [30, 10_000, 200_000]) {
    const { answer, sent } = await sentBy(nested(depth));
    assert.deepEqual([answer.status, sent], [400, []], String(depth));
  }
});

test('TH-51: a compression bomb is refused unread and memory stays flat', async () => {
  const bomb = gzipSync(Buffer.alloc(64 * 1_048_576, 0x20));
  const before = process.memoryUsage.rss();
  for (let i = 0; i < 20; i += 1) {
    assert.equal(
      (await mcp.post('/mcp/files', secret, bomb, { ...CALL.headers, 'content-encoding': 'gzip' })).status,
      415,
    );
    assert.equal((await mcp.post('/mcp/files', secret, bomb, CALL.headers)).status, 400);
  }
  assert.ok(process.memoryUsage.rss() - before < 50 * 1_048_576);
});

/** Case, width, accents, dotless and long letters, and invisible characters. */
function variantsOf(key: string): readonly string[] {
  const variants = new Set([
    key.toUpperCase(),
    `${key[0]?.toUpperCase()}${key.slice(1)}`,
    `${key}\u200b`,
    `\ufeff${key}`,
    `${key}\u0301`,
    ` ${key}`,
  ]);
  for (let i = 0; i < key.length; i += 1) {
    const letter = key[i] ?? '';
    const folds = [
      letter.toUpperCase(),
      ...(letter === 's' ? ['ſ'] : []),
      ...(letter === 'k' ? ['\u212a'] : []),
      ...(letter === 'i' ? ['ı'] : []),
    ];
    if (/[a-z]/.test(letter)) folds.push(String.fromCodePoint((letter.codePointAt(0) ?? 0) + 0xfee0));
    for (const fold of folds) variants.add(key.slice(0, i) + fold + key.slice(i + 1));
  }
  variants.delete(key);
  return [...variants];
}
