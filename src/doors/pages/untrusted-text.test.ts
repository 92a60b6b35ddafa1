import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { forwardedParams, type Action } from '../../core/action.ts';
import type { Approval } from '../../core/approval.ts';
import type { JsonObject } from '../../core/json.ts';
import { agentNamed, FILES } from '../../govern/control.fixture.ts';
import { HOSTILE_STRINGS, LONE_SURROGATES } from '../../standards/unicode/hostile-strings.fixture.ts';
import { markHidden } from '../../standards/unicode/mark-hidden.ts';
import { visibleText } from '../../standards/unicode/visible-text.ts';
import { openPagesFixture, unescape, type PagesFixture } from './pages.fixture.ts';
import { untrustedMarkup } from './untrusted.ts';

test('TH-25 the text on the page equals the bytes that will be forwarded, for hostile strings', async (t) => {
  assert.ok(HOSTILE_STRINGS.length >= 200);
  const f = await openPagesFixture(t);
  const approval = await f.hold();
  const browser = await f.signedIn('ann');
  const ordinary = new Set(tagsOf((await browser.get(`/approvals/${approval.id}`)).text));

  for (const hostile of HOSTILE_STRINGS) {
    const name = visibleText(hostile).slice(0, 60);
    const action = callWith({ path: hostile, [`key ${hostile}`]: { nested: [hostile] } });
    const forwarded = forwardedParams(action);
    await show(f, approval, forwarded);
    const page = await browser.get(`/approvals/${approval.id}`);
    assert.equal(page.status, 200, name);

    const shown = exactTextOf(page.text);
    assert.equal(shown, visibleText(forwarded), `shown whole and visibly: ${name}`);
    assert.equal(originalOf(shown), forwarded, `read back to the forwarded bytes: ${name}`);
    assert.deepEqual(actingCharacters(page.text), [], `nothing hidden is on the page itself: ${name}`);
    for (const tag of tagsOf(page.text))
      assert.ok(ordinary.has(tag) || isMark(tag), `${name} made ${tag.slice(0, 100)}`);
  }
});

test('every text shown is read back exactly, and two texts are never shown alike', () => {
  const text = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom(...HOSTILE_STRINGS, ...LONE_SURROGATES));
  fc.assert(
    fc.property(text, (given) => {
      const shown = textOf(untrustedMarkup(given));
      assert.equal(shown, visibleText(given));
      assert.equal(originalOf(shown), given);
    }),
  );
});

test('TH-66 names, purposes, reasons and arguments never become markup', async (t) => {
  const f = await openPagesFixture(t);
  const corpus = HOSTILE_STRINGS.filter((text) => /[<>"'&`]/.test(text));
  assert.ok(corpus.length >= 20);
  const held = await f.hold();
  await show(f, held, '{}');
  const browser = await f.signedIn('ann');
  const baseline = await Promise.all([
    browser.get('/'),
    browser.get(`/approvals/${held.id}`),
    f.browser().get('/sign-in?link=x'),
  ]);
  const ordinary = new Set(baseline.flatMap((page) => tagsOf(page.text)));

  for (const [at, hostile] of corpus.entries()) {
    const { control, task } = f;
    const agent = agentNamed(`hostile-${at}`, 'active', { name: hostile, purpose: hostile });
    const now = control.snapshot.task(task.id) ?? task;
    const approval = [...control.snapshot.liveApprovals()][0];
    assert.ok(approval);
    await control.write(
      { noun: 'actor', value: agent },
      {
        noun: 'task',
        value: {
          ...now,
          purpose: hostile,
          revisions: now.revisions.map((one) => ({ ...one, purpose: hostile })),
          version: now.version + 1,
        },
      },
      { noun: 'approval', value: { ...approval, message: hostile, version: approval.version + 1 } },
    );
    const home = await browser.get('/');
    const question = await browser.get(`/approvals/${approval.id}`);
    const signIn = await f
      .browser()
      .get(`/sign-in?link=${encodeURIComponent(hostile)}&next=${encodeURIComponent(hostile)}`);
    for (const page of [home, question]) {
      assert.equal(page.status, 200);
      assert.deepEqual(actingCharacters(page.text), []);
      assert.ok(textOf(page.text).includes(visibleText(hostile)), visibleText(hostile).slice(0, 60));
    }
    for (const tag of [home, question, signIn].flatMap((page) => tagsOf(page.text))) {
      assert.ok(
        ordinary.has(tag) ||
          isMark(tag) ||
          /^<input\s+type="hidden"\s+name="(?:form|link|next)"\s+value="[^"<>]*"\s*\/?>$/.test(tag),
        tag.slice(0, 100),
      );
    }
    for (const page of [home, question, signIn])
      assert.doesNotMatch(page.text, /<script|<img|<svg|<iframe|<base|<style|\son\w+=(?:"|alert)[^&]*>/i);
  }
});

function callWith(args: JsonObject): Action {
  return {
    kind: 'call',
    server: FILES.id,
    tool: 'delete_file',
    method: 'tools/call',
    params: { name: 'delete_file', arguments: args },
  };
}

/** Puts another text into the question, past the limit on how many may be asked. */
async function show(f: PagesFixture, approval: Approval, shown: string): Promise<void> {
  const now = f.control.snapshot.approval(approval.id) ?? approval;
  await f.control.write({
    noun: 'approval',
    value: { ...now, subject: { ...now.subject, shown }, version: now.version + 1 },
  });
}

function exactTextOf(page: string): string {
  // HTML §13.2.6.4.7: "if the next token is a U+000A LINE FEED (LF) character token, then ignore that token".
  const [, inner] = /<pre [^>]*data-exact[^>]*>\n?([^]*?)<\/pre>/.exec(page) ?? [];
  assert.ok(inner !== undefined, 'the exact text is on the page');
  return textOf(inner);
}

/** As a browser's textContent: our templates use these five entities and no others. */
function textOf(markup: string): string {
  return unescape(markup.replace(/<[^>]*>/g, ''));
}

function originalOf(shown: string): string {
  return shown.replace(/⟦U\+([0-9A-F]{4,6})(?:≈[^⟧]*)?⟧/g, (_mark, code: string) =>
    String.fromCodePoint(Number.parseInt(code, 16)),
  );
}

/** Characters of the page's text or attributes that could act unseen; the line breaks of our own templates apart. */
function actingCharacters(page: string): readonly string[] {
  return markHidden(page).flatMap((segment) =>
    segment.kind === 'hidden' && segment.text !== '\n' ? [segment.codepoint] : [],
  );
}

function tagsOf(page: string): readonly string[] {
  return page.match(/<[^>]*>/g) ?? [];
}

/** The only elements that a text itself may bring, and the lines it is broken into. */
function isMark(tag: string): boolean {
  return /^<(?:\/?bdi|\/?span|\/?li|\/?code|span class="gap"|span class="mark (?:hidden|alike)" data-mark="U\+[0-9A-F]{4,6}" title="[^"<>]*")>$/.test(
    tag,
  );
}
