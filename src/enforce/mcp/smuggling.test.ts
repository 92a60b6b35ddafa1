import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { modern, openMcpFixture } from './mcp.fixture.ts';

const mcp = await openMcpFixture();
after(() => mcp.close());
const { secret } = await mcp.bearer();
const CALL = modern('tools/call', { name: 'read_file', arguments: { path: '/first' } });
const BODY = JSON.stringify(CALL.body);

/** A whole second request, to be hidden in the first. */
const HIDDEN = request({}, BODY.replace('/first', '/hidden'));

test('TH-49: framing that two readers could see differently never lets a second request through', async (t) => {
  const length = Buffer.byteLength(BODY);
  const chunked = `${length.toString(16)}\r\n${BODY}\r\n0\r\n\r\n`;
  const cases: readonly (readonly [string, string])[] = [
    [
      'CL.TE',
      head({ 'content-length': String(chunked.length + HIDDEN.length), 'transfer-encoding': 'chunked' }) +
        chunked +
        HIDDEN,
    ],
    ['TE.CL', head({ 'transfer-encoding': 'chunked', 'content-length': '4' }) + chunked + HIDDEN],
    ['TE.TE with a lie', head({ 'transfer-encoding': 'chunked, identity' }) + chunked],
    ['an unknown coding', head({ 'transfer-encoding': 'xchunked' }) + chunked],
    ['gzip, chunked', head({ 'transfer-encoding': 'gzip, chunked' }) + chunked],
    ['a blank before the colon', head({ 'transfer-encoding ': 'chunked' }) + chunked],
    ['two lengths', head({}, `Content-Length: ${length}\r\nContent-Length: ${length + 10}\r\n`) + BODY + HIDDEN],
    ['the same length twice', head({}, `Content-Length: ${length}\r\nContent-Length: ${length}\r\n`) + BODY],
    ['two lengths in one', head({ 'content-length': `${length}, ${length}` }) + BODY],
    ['a signed length', head({ 'content-length': `+${length}` }) + BODY],
    ['a hexadecimal length', head({ 'content-length': `0x${length.toString(16)}` }) + BODY],
    ['obs-fold', head({}, `Content-Length: ${length}\r\nX-Folded: a\r\n b\r\n`) + BODY],
    ['obs-fold of the coding', head({}, `Transfer-Encoding:\r\n chunked\r\n`) + chunked],
    ['a bare LF', head({ 'content-length': String(length) }).replaceAll('\r\n', '\n') + BODY],
    ['a bare CR in a value', head({ 'content-length': String(length), 'x-a': 'b\rc' }) + BODY],
    ['NUL in a value', head({ 'content-length': String(length), 'x-a': 'b\0c' }) + BODY],
    [
      'a chunk size that overflows',
      `${head({ 'transfer-encoding': 'chunked' })}fffffffffffffffff\r\n${BODY}\r\n0\r\n\r\n`,
    ],
    [
      'a chunk extension with LF',
      `${head({ 'transfer-encoding': 'chunked' })}${length.toString(16)};a\nb\r\n${BODY}\r\n0\r\n\r\n`,
    ],
    ['two hosts', head({ 'content-length': String(length) }, 'Host: evil.example\r\n') + BODY],
    ['no host', head({ 'content-length': String(length) }).replace(/host: [^\r]*\r\n/, '') + BODY],
    [
      'an absolute target elsewhere',
      (head({ 'content-length': String(length) }) + BODY).replace(
        'POST /mcp/files',
        'POST http://evil.example/mcp/files',
      ),
    ],
  ];
  for (const [name, bytes] of cases) {
    await t.test(name, async () => {
      mcp.sent.length = 0;
      const answer = await mcp.raw(bytes, /\r\n\r\n/);
      assert.match(answer, /^HTTP\/1\.1 (400|403|404|501) /, answer);
      assert.deepEqual(mcp.sent, []);
    });
  }
});

test('TH-49: the same socket goes on with requests that are framed in one way', async () => {
  mcp.sent.length = 0;
  const chunked = `${Buffer.byteLength(BODY).toString(16)}\r\n${BODY}\r\n0\r\n\r\n`;
  await mcp.raw(head({ 'transfer-encoding': 'chunked' }) + chunked + request({ connection: 'close' }, BODY));
  assert.equal(mcp.sent.length, 2);
});

test('TH-49: line breaks of a server or a client never become headers of an answer', async () => {
  mcp.answerWith(async () => ({
    kind: 'error',
    error: { code: 1, message: 'a\r\nset-cookie: x=y\r\n\r\n' },
    bytes: 1,
  }));
  assert.doesNotMatch(await mcp.raw(request({ connection: 'close' }, BODY)), /^set-cookie/im);
});

function head(headers: Record<string, string>, extra = ''): string {
  const all: Record<string, string> = {
    host: `127.0.0.1:${mcp.port}`,
    authorization: `Bearer ${secret}`,
    'content-type': 'application/json',
    ...CALL.headers,
    ...headers,
  };
  return `POST /mcp/files HTTP/1.1\r\n${Object.entries(all)
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join('')}${extra}\r\n`;
}

function request(headers: Record<string, string>, body: string): string {
  return head({ 'content-length': String(Buffer.byteLength(body)), ...headers }) + body;
}
