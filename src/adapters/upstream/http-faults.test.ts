/** What servers do to us over HTTP, byte by byte: each fault ends within its limit, says the truth, and harms no other. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { describe, test, type TestContext } from 'node:test';
import { gzipSync } from 'node:zlib';
import type { ErrorCode } from '../../core/errors.ts';
import { serverId } from '../../core/ids.ts';
import type { Server } from '../../core/server.ts';
import type { Upstream } from '../../ports/upstream.ts';
import { call, eventually, permitFor, quiet, rejects, send, textOf } from '../../ports/upstream.suite.ts';
import type { UpstreamLimits } from './limits.ts';
import { openHttpUpstream } from './open.ts';
import { sampleServer, testClock, testHasher } from './sample-deps.suite.ts';
import { openSampleHttp } from './sample-http.suite.ts';

const LIMITS: Partial<UpstreamLimits> = {
  call_ms_max: 600,
  body_idle_ms_max: 200,
  answer_bytes_max: 100_000,
  breaker_failures_max: 1_000,
};

interface Faulty {
  readonly upstream: Upstream;
  readonly server: Server;
  /** Requests that reached the server, the probe left out. */
  readonly calls: () => number;
}

/** A modern server in raw TCP: it answers the probe well, and each call with what `misbehave` writes. */
async function openFaulty(
  t: TestContext,
  misbehave: (socket: Socket, id: number) => void,
  limits = LIMITS,
): Promise<Faulty> {
  let calls = 0;
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => undefined); // we are the ones who reset it
    let heard = '';
    socket.on('data', (chunk) => {
      heard += chunk.toString('latin1');
      for (let request = takeRequest(heard); request !== undefined; request = takeRequest(heard)) {
        heard = heard.slice(request.length);
        const id = Number(/"id":(\d+)/.exec(request)?.[1]);
        if (request.includes('server/discover')) {
          socket.write(
            json(
              `{"jsonrpc":"2.0","id":${id},"result":{"resultType":"complete","supportedVersions":["2026-07-28"],"capabilities":{}}}`,
            ),
          );
        } else {
          calls += 1;
          misbehave(socket, id);
        }
      }
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo; // a TCP server
  const upstream = openHttpUpstream({ hasher: testHasher, clock: testClock, version: '0.0.0', limits });
  t.after(async () => {
    await upstream.close();
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, 'close');
  });
  return {
    upstream,
    server: sampleServer({ type: 'http', url: `http://127.0.0.1:${port}/mcp` }),
    calls: () => calls,
  };
}

function takeRequest(heard: string): string | undefined {
  const end = heard.indexOf('\r\n\r\n');
  if (end === -1) return undefined;
  const length = Number(/content-length: (\d+)/i.exec(heard.slice(0, end))?.[1] ?? 0);
  return heard.length >= end + 4 + length ? heard.slice(0, end + 4 + length) : undefined;
}

function json(body: string): string {
  return `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
}
function good(id: number, text = 'fine'): string {
  return `{"jsonrpc":"2.0","id":${id},"result":{"resultType":"complete","content":[{"type":"text","text":"${text}"}]}}`;
}
function head(lines: string): string {
  return `HTTP/1.1 200 OK\r\n${lines}\r\n\r\n`;
}
const STREAM = head('content-type: text/event-stream\r\ntransfer-encoding: chunked');
function chunk(text: string): string {
  return `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`;
}
/** Writes as long as the other side takes it. */
function pour(socket: Socket, text: string): void {
  const more = (): void => {
    while (!socket.destroyed && socket.write(text)) continue;
  };
  socket.on('drain', more);
  more();
}

const nested = (depth: number): string => `${'['.repeat(depth)}${']'.repeat(depth)}`;

const MODES: readonly (readonly [string, ErrorCode, (socket: Socket, id: number) => void])[] = [
  ['says nothing', 'upstream.timeout', () => undefined],
  ['trickles its head', 'upstream.timeout', (socket) => trickle(socket, 'HTTP/1.1 200 OK\r\nx-slow: ')],
  [
    'trickles its body',
    'upstream.timeout',
    (socket) => trickle(socket, head('content-type: application/json\r\ncontent-length: 100000') + ' '),
  ],
  [
    'stops in the middle of its body',
    'upstream.timeout',
    (socket) => void socket.write(head('content-type: application/json\r\ncontent-length: 100') + '{'),
  ],
  [
    'streams comments without end',
    'upstream.too_large',
    (socket) => {
      socket.write(STREAM);
      pour(socket, chunk(': still here\n\n'.repeat(100)));
    },
  ],
  [
    'streams notifications without end',
    'upstream.too_large',
    (socket) => {
      socket.write(STREAM);
      pour(socket, chunk('data: {"jsonrpc":"2.0","method":"notifications/message","params":{}}\n\n'.repeat(50)));
    },
  ],
  ['keeps a stream open and silent', 'upstream.timeout', (socket) => void socket.write(STREAM + chunk(': hello\n\n'))],
  [
    'sends a body without end',
    'upstream.too_large',
    (socket) => {
      socket.write(head('content-type: application/json\r\ntransfer-encoding: chunked'));
      pour(socket, chunk(' '.repeat(1000)));
    },
  ],
  [
    'sends an event line without end',
    'upstream.too_large',
    (socket) => {
      socket.write(STREAM);
      pour(socket, chunk(`data: ${'x'.repeat(1000)}`));
    },
  ],
  [
    'sends a head without end',
    'upstream.too_large',
    (socket) => {
      socket.write('HTTP/1.1 200 OK\r\n');
      pour(socket, `x-more: ${'x'.repeat(1000)}\r\n`);
    },
  ],
  ['closes without a word', 'upstream.unreachable', (socket) => void socket.end()],
  ['resets the connection', 'upstream.unreachable', (socket) => void socket.resetAndDestroy()],
  [
    'closes in the middle of its body',
    'upstream.unreachable',
    (socket) => void socket.end(head('content-type: application/json\r\ncontent-length: 100') + '{'),
  ],
  [
    'ends the stream before it answered',
    'upstream.unreachable',
    (socket) => void socket.write(`${STREAM}${chunk(': bye\n\n')}0\r\n\r\n`),
  ],
  ['answers half a JSON text', 'upstream.protocol', (socket, id) => void socket.write(json(good(id).slice(0, -1)))],
  [
    'answers a key twice',
    'upstream.protocol',
    (socket, id) => void socket.write(json(`{"jsonrpc":"2.0","id":${id},"id":${id},"result":{}}`)),
  ],
  [
    'answers with a look-alike of a key',
    'upstream.protocol',
    (socket, id) => void socket.write(json(`{"jsonrpc":"2.0","id":${id},"result":{},"Result":{}}`)),
  ],
  [
    'answers JSON that is nested without end',
    'upstream.protocol',
    (socket, id) => void socket.write(json(`{"jsonrpc":"2.0","id":${id},"result":{"a":${nested(10_000)}}}`)),
  ],
  [
    'answers text that is no UTF-8',
    'upstream.protocol',
    (socket) =>
      void socket.write(
        Buffer.concat([
          Buffer.from(head('content-type: application/json\r\ncontent-length: 3')),
          Buffer.from([0x22, 0xff, 0x22]),
        ]),
      ),
  ],
  ['answers another request', 'upstream.protocol', (socket, id) => void socket.write(json(good(id + 1)))],
  ['answers with a batch', 'upstream.protocol', (socket, id) => void socket.write(json(`[${good(id)}]`))],
  [
    'answers with a page',
    'upstream.protocol',
    (socket) => void socket.write(head('content-type: text/html\r\ncontent-length: 4') + '<p/>'),
  ],
  [
    'redirects',
    'upstream.protocol',
    (socket) =>
      void socket.write(
        'HTTP/1.1 307 Temporary Redirect\r\nlocation: http://169.254.169.254/\r\ncontent-length: 0\r\n\r\n',
      ),
  ],
  [
    'answers compressed',
    'upstream.protocol',
    (socket) => {
      const bomb = gzipSync(Buffer.alloc(10_000_000, ' '));
      socket.write(head(`content-type: application/json\r\ncontent-encoding: gzip\r\ncontent-length: ${bomb.length}`));
      socket.write(bomb);
    },
  ],
  [
    'wants a credential',
    'upstream.unreachable',
    (socket) => void socket.write('HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\n\r\n'),
  ],
  [
    'has failed',
    'upstream.unreachable',
    (socket) => void socket.write('HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n'),
  ],
  [
    'is not there',
    'upstream.protocol',
    (socket) => void socket.write('HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n'),
  ],
  [
    'asks without end',
    'upstream.protocol',
    (socket) => {
      socket.write(STREAM);
      pour(socket, chunk('data: {"jsonrpc":"2.0","id":1,"method":"roots/list"}\n\n'.repeat(20)));
    },
  ],
];

function trickle(socket: Socket, text: string): void {
  socket.write(text);
  const timer = setInterval(() => socket.write(' '), 20);
  socket.on('close', () => clearInterval(timer));
}

describe('TH-52: an upstream over HTTP that', () => {
  for (const [mode, code, misbehave] of MODES) {
    test(`${mode} fails the call in time with ${code}, its effect unknown, and no other server notices`, async (t) => {
      const faulty = await openFaulty(t, misbehave);
      const healthy = await openSampleHttp('modern', () => ({}));
      t.after(() => healthy.close());
      const other = sampleServer({ type: 'http', url: healthy.url }, { id: serverId('healthy') });
      const before = performance.now();
      const failing = rejects(send(faulty, call('echo', {})), code, true);
      const fine = faulty.upstream.send(permitFor({ server: other }, call('echo', { n: 1 })), other, quiet());
      assert.equal(textOf(await fine), '{"n":1}');
      await failing;
      assert.ok(performance.now() - before < 3_000, 'within the deadline and its slack');
      assert.equal(faulty.calls(), 1, 'sent once, and never again');
      assert.equal(faulty.upstream.stats().in_flight, 0);
    });
  }

  test('refuses the connection was not reached, and that is said', async (t) => {
    const closed = createServer();
    closed.listen(0, '127.0.0.1');
    await once(closed, 'listening');
    const { port } = closed.address() as AddressInfo; // a TCP server
    closed.close();
    await once(closed, 'close');
    const upstream = openHttpUpstream({ hasher: testHasher, clock: testClock, version: '0.0.0', limits: LIMITS });
    t.after(() => upstream.close());
    const server = sampleServer({ type: 'http', url: `http://127.0.0.1:${port}/mcp` });
    await rejects(send({ upstream, server }, call('echo', {})), 'upstream.unreachable', false);
  });

  test('stays silent after the connection is taken for a call that it never read keeps only that call waiting', async (t) => {
    const faulty = await openFaulty(t, (socket, id) => void (id % 2 === 0 ? socket.write(json(good(id))) : undefined));
    const results = await Promise.allSettled([1, 2, 3, 4].map(() => send(faulty, call('echo', {}))));
    assert.deepEqual(results.map(({ status }) => status).sort(), ['fulfilled', 'fulfilled', 'rejected', 'rejected']);
  });

  test('keeps failing is left alone for a while, and tried again after it', async (t) => {
    let now = 0;
    let bad = true;
    const faulty = await openFaulty(t, (socket, id) => void socket.end(bad ? '' : json(good(id))));
    const upstream = openHttpUpstream({
      hasher: testHasher,
      clock: { monotonicUs: () => now },
      version: '0.0.0',
      limits: { ...LIMITS, breaker_failures_max: 3, breaker_open_ms: 10_000 },
    });
    t.after(() => upstream.close());
    const rig = { ...faulty, upstream };
    for (let n = 0; n < 3; n += 1) await rejects(send(rig, call('echo', {})), 'upstream.unreachable', true);
    await rejects(send(rig, call('echo', {})), 'upstream.unreachable', false);
    assert.equal(faulty.calls(), 3, 'the fourth was not tried');
    now += 10_000_000;
    const trial = send(rig, call('echo', {}));
    await rejects(send(rig, call('echo', {})), 'upstream.unreachable', false); // one trial at a time
    await rejects(trial, 'upstream.unreachable', true);
    bad = false;
    now += 10_000_000;
    assert.equal(textOf(await send(rig, call('echo', {}))), 'fine');
    assert.equal(textOf(await send(rig, call('echo', {}))), 'fine');
  });
});

const CONFUSED: readonly (readonly [string, (id: number) => string])[] = [
  [
    'Content-Length and Transfer-Encoding (CL.TE)',
    (id) =>
      `${head(`content-type: application/json\r\ncontent-length: ${good(id).length}\r\ntransfer-encoding: chunked`)}${chunk(good(id))}0\r\n\r\n`,
  ],
  [
    'Transfer-Encoding and Content-Length (TE.CL)',
    (id) =>
      `${head('content-type: application/json\r\ntransfer-encoding: chunked\r\ncontent-length: 5')}${chunk(good(id))}0\r\n\r\n`,
  ],
  [
    'two lengths',
    (id) =>
      head(`content-type: application/json\r\ncontent-length: ${good(id).length}\r\ncontent-length: 5`) + good(id),
  ],
  [
    'a list of lengths',
    (id) => head(`content-type: application/json\r\ncontent-length: ${good(id).length}, ${good(id).length}`) + good(id),
  ],
  ['a signed length', (id) => head(`content-type: application/json\r\ncontent-length: +${good(id).length}`) + good(id)],
  ['a hexadecimal length', (id) => head('content-type: application/json\r\ncontent-length: 0x5') + good(id)],
  ['a length that is no number', (id) => head('content-type: application/json\r\ncontent-length: many') + good(id)],
  [
    'a space before the colon',
    (id) => head(`content-type: application/json\r\ncontent-length : ${good(id).length}`) + good(id),
  ],
  [
    'a folded header',
    (id) => head(`content-type: application/json\r\nx-a: b\r\n c: d\r\ncontent-length: ${good(id).length}`) + good(id),
  ],
  [
    'a bare CR in a header',
    (id) =>
      head(`content-type: application/json\r\nx-a: b\rcontent-length: 5\r\ncontent-length: ${good(id).length}`) +
      good(id),
  ],
  [
    'a NUL in a header',
    (id) => head(`content-type: application/json\r\nx-a: b\0\r\ncontent-length: ${good(id).length}`) + good(id),
  ],
  [
    'a coding that is not chunked alone',
    (id) =>
      `${head('content-type: application/json\r\ntransfer-encoding: chunked, identity')}${chunk(good(id))}0\r\n\r\n`,
  ],
  [
    'chunked twice',
    (id) =>
      `${head('content-type: application/json\r\ntransfer-encoding: chunked\r\ntransfer-encoding: chunked')}${chunk(good(id))}0\r\n\r\n`,
  ],
  [
    'a chunk size that is none',
    (id) => `${head('content-type: application/json\r\ntransfer-encoding: chunked')}zz\r\n${good(id)}\r\n0\r\n\r\n`,
  ],
  [
    'a chunk longer than its size',
    (id) => `${head('content-type: application/json\r\ntransfer-encoding: chunked')}5\r\n${good(id)}\r\n0\r\n\r\n`,
  ],
  [
    'two content types',
    (id) =>
      head(`content-type: application/json\r\ncontent-type: text/event-stream\r\ncontent-length: ${good(id).length}`) +
      good(id),
  ],
  ['another protocol', (id) => json(good(id)).replace('HTTP/1.1', 'ICY/1.1')],
  ['a status that is none', (id) => json(good(id)).replace('200', '20')],
  ['HTTP/0.9', (id) => good(id)],
];

describe('TH-49: an answer with two readings is refused:', () => {
  for (const [what, answer] of CONFUSED) {
    test(what, async (t) => {
      let met: Socket | undefined;
      const faulty = await openFaulty(t, (socket, id) => {
        met = socket;
        socket.write(answer(id));
      });
      const sent = send(faulty, call('echo', {}));
      await assert.rejects(sent, (error: Error & { code?: string; may_have_run?: boolean }) => {
        assert.ok(
          error.code === 'upstream.protocol' || error.code === 'upstream.unreachable',
          `${error.code}: ${error.message}`,
        );
        assert.equal(error.may_have_run, true);
        return true;
      });
      await eventually(() => met?.closed === true);
    });
  }

  test('what follows an answer is never taken for the answer of the next call', async (t) => {
    let first = true;
    const faulty = await openFaulty(t, (socket, id) => {
      const smuggled = first ? json(good(id + 1, 'smuggled')) : '';
      first = false;
      socket.write(json(good(id)) + smuggled);
    });
    assert.equal(textOf(await send(faulty, call('echo', {}))), 'fine');
    const second = await send(faulty, call('echo', {})).then(textOf, () => 'refused');
    assert.notEqual(second, 'smuggled');
  });

  test('no name or argument of a call can write a line of the request head', async (t) => {
    const heads: string[] = [];
    const faulty = await openFaulty(t, (socket, id) => void socket.write(json(good(id))));
    const server = faulty.server;
    const spy = createServer((socket) => {
      socket.on('error', () => undefined); // closed by the test
      socket.on('data', (bytes) => {
        heads.push(bytes.toString('latin1'));
        const id = Number(/"id":(\d+)/.exec(bytes.toString('latin1'))?.[1]);
        socket.write(
          json(id === 0 ? good(0).replace('"content"', '"supportedVersions":["2026-07-28"],"content"') : good(id)),
        );
      });
    });
    spy.listen(0, '127.0.0.1');
    await once(spy, 'listening');
    t.after(() => spy.close());
    const { port } = spy.address() as AddressInfo; // a TCP server
    const rig = {
      upstream: faulty.upstream,
      server: {
        ...server,
        id: serverId('spy'),
        transport: { type: 'http', url: `http://127.0.0.1:${port}/` } as const,
      },
    };
    for (const name of ['a\r\nx-evil: 1', 'a\nx-evil: 1', 'ü\r\n\r\nGET / HTTP/1.1', ' a', '']) {
      await send(rig, call(name, {}));
    }
    for (const text of heads) {
      const [headText = ''] = text.split('\r\n\r\n');
      assert.doesNotMatch(headText, /^x-evil|^GET/im);
    }
    assert.equal(heads.length, 6, 'one piece per request');
    await faulty.upstream.close();
  });
});

test('an address that hands out credentials, or that holds one, is never connected to', async (t) => {
  const upstream = openHttpUpstream({ hasher: testHasher, clock: testClock, version: '0.0.0', limits: LIMITS });
  t.after(() => upstream.close());
  for (const url of [
    'http://169.254.169.254/mcp',
    'http://[fe80::1]/mcp',
    'http://[::ffff:169.254.169.254]/',
    'http://[fd00:ec2::254]/',
    'http://2852039166/',
  ]) {
    await rejects(
      send({ upstream, server: sampleServer({ type: 'http', url }) }, call('echo', {})),
      'upstream.unreachable',
      false,
    );
    await upstream.endServer(serverId('sample'));
  }
  for (const url of ['http://user:secret@127.0.0.1/', 'file:///etc/passwd', 'nonsense']) {
    await rejects(
      send({ upstream, server: sampleServer({ type: 'http', url }) }, call('echo', {})),
      'upstream.protocol',
      false,
    );
    await upstream.endServer(serverId('sample'));
  }
});
