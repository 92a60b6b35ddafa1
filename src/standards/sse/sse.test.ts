import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { openSseReader, type SseEvent, type SsePush } from './read-sse.ts';
import { SSE_KEEP_ALIVE, writeSseEvent } from './write-sse.ts';

const ROOMY = { line_bytes_max: 10_000, event_bytes_max: 10_000 };

interface Read {
  readonly events: readonly { readonly event: string; readonly data: string; readonly id: string | undefined }[];
  readonly last: SsePush;
}

function read(chunks: readonly Uint8Array[], limits = ROOMY): Read {
  const events: SseEvent[] = [];
  const reader = openSseReader(limits, (event) => events.push(event));
  let last: SsePush = { ok: true };
  for (const chunk of chunks) last = reader.push(chunk);
  return {
    events: events.map(({ event, data, id }) => ({ event, id, data: Buffer.from(data).toString('utf8') })),
    last,
  };
}

function bytes(text: string): Uint8Array {
  return Buffer.from(text, 'utf8');
}

test('events are split at an empty line, whatever ends the lines', () => {
  for (const end of ['\n', '\r', '\r\n']) {
    const { events } = read([
      bytes(['event: a', 'id: 7', 'data: one', 'data:two', '', ': comment', 'data', '', ''].join(end)),
    ]);
    assert.deepEqual(events, [
      { event: 'a', data: 'one\ntwo', id: '7' },
      { event: 'message', data: '', id: undefined },
    ]);
    assert.equal(read([bytes(['data', 'data', '', ''].join(end))]).events[0]?.data, '\n');
  }
});

test('an event that has not ended is not given out', () => {
  assert.deepEqual(read([bytes('data: {"half":')]).events, []);
});

test('a byte order mark at the start is passed over, once', () => {
  assert.equal(read([bytes('\ufeffdata: x\n\n')]).events[0]?.data, 'x');
  assert.deepEqual(read([bytes('data: x\n\n\ufeffdata: y\n\n')]).events.length, 1);
});

test('a line of exactly the limit is taken and one byte more is refused, in one piece or in many', () => {
  const limits = { line_bytes_max: 10, event_bytes_max: 100 };
  assert.equal(read([bytes('data: 1234\n\n')], limits).events.length, 1);
  assert.deepEqual(read([bytes('data: 12345\n\n')], limits).last, { ok: false, why: 'line_too_long' });
  const trickle = Array.from('data: 12345', bytes);
  assert.deepEqual(read(trickle, limits).last, { ok: false, why: 'line_too_long' });
});

test('many short data lines do not get past the limit of an event', () => {
  const limits = { line_bytes_max: 100, event_bytes_max: 5 };
  assert.equal(read([bytes('data: 12\ndata: 34\n\n')], limits).events[0]?.data, '12\n34');
  assert.deepEqual(read([bytes('data: 12\ndata: 345\n\n')], limits).last, { ok: false, why: 'event_too_large' });
});

test('after a refusal nothing more is given out', () => {
  const { events } = read([bytes('data: 1234567890\n'), bytes('data: x\n\n')], {
    line_bytes_max: 5,
    event_bytes_max: 5,
  });
  assert.deepEqual(events, []);
});

test('data that is no UTF-8 is handed on unchanged', () => {
  const events: SseEvent[] = [];
  openSseReader(ROOMY, (event) => events.push(event)).push(Buffer.from([...bytes('data: '), 0xff, 0xfe, 0x0a, 0x0a]));
  assert.deepEqual([...(events[0]?.data ?? [])], [0xff, 0xfe]);
});

test('how a stream is cut into chunks changes nothing', () => {
  const line = fc.constantFrom(
    'data: a',
    'data:b',
    'data',
    'event: e',
    'id: 1',
    ': c',
    '',
    'x: y',
    'data: ü',
    'retry: 1',
  );
  const end = fc.constantFrom('\n', '\r', '\r\n');
  fc.assert(
    fc.property(
      fc.array(fc.tuple(line, end), { maxLength: 30 }),
      fc.array(fc.nat(200), { maxLength: 20 }),
      (lines, cuts) => {
        const whole = bytes(lines.map((pair) => pair.join('')).join(''));
        const places = [0, ...cuts.filter((cut) => cut < whole.length).sort((a, b) => a - b), whole.length];
        const parts = places.slice(1).map((place, index) => whole.subarray(places[index] ?? 0, place));
        assert.deepEqual(read(parts), read([whole]));
      },
    ),
  );
});

test('whatever is written is read back as one event, and nothing in it starts another', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (data) => {
      const { events } = read([bytes(SSE_KEEP_ALIVE + writeSseEvent({ event: 'message', id: '1', data }))], {
        line_bytes_max: 100_000,
        event_bytes_max: 100_000,
      });
      assert.equal(events.length, 1);
      assert.equal(events[0]?.data, data.replace(/\r\n|\r/g, '\n'));
    }),
  );
  const forged = read([bytes(writeSseEvent({ data: 'a\n\nevent: b\ndata: c' }))]).events;
  assert.deepEqual(forged, [{ event: 'message', data: 'a\n\nevent: b\ndata: c', id: undefined }]);
});

test('a field with a line break is a mistake of the writer', () => {
  assert.throws(() => writeSseEvent({ event: 'a\nb', data: '' }), TypeError);
  assert.throws(() => writeSseEvent({ id: 'a\0', data: '' }), TypeError);
});
