import assert from 'node:assert/strict';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { HOSTILE_STRINGS } from '../../src/standards/unicode/hostile-strings.fixture.ts';
import { done } from '../e2e/api.fixture.ts';
import type { Approval } from '../e2e/organisation.fixture.ts';
import { folder, startProgram } from '../e2e/program.fixture.ts';
import { openRecordedOrganisation } from '../e2e/recorded-organisation.fixture.ts';
import { receivedCalls } from '../e2e/recording-server.fixture.ts';
import { withoutMarks } from '../e2e/visitor.fixture.ts';
import { missing, openPage, type Page } from './browser.fixture.ts';

const PASSPHRASE = 'seven lanterns over the harbour';
const LIST =
  'Reading list for the shop window\n\n1. The Salt Road\n2. A House Above the Ice\n3. Letters to a Lighthouse\n';
/** Under what an agent may ask for in ten minutes. */
const CALLS = 8;

test('a person signs in by the printed link, reads, approves, and the agent finishes', { skip: missing }, async (t) => {
  const data = join(folder(t), 'data');
  const program = startProgram(t, ['demo', '--data', data, '--port', '0']);
  const out = await program.seen(
    (text) => (/Ctrl-C stops everything/.test(text) ? text : null),
    'what the demo prints',
  );
  const link = /Sign in: +(\S+)/.exec(out)?.[1] ?? '';
  const approval = /Approve the held call: +(\S+)/.exec(out)?.[1] ?? '';
  const { origin } = new URL(link);
  const { page, trouble } = await openPage(t, origin);

  await page.goto(link);
  await shoot(t, page, 'sign-in');
  await page.fill('input[name=passphrase]', PASSPHRASE);
  await page.fill('input[name=again]', PASSPHRASE);
  await page.click('main button');
  await page.waitForURL(`${origin}/`);
  assert.match(await page.innerText('main'), /librarian/);
  await shoot(t, page, 'home');

  await page.goto(approval);
  const shown = withoutMarks(await page.innerText('pre[data-exact]'));
  const params = JSON.parse(shown) as { arguments: { content: string } }; // what the demo agent asks for
  assert.equal(params.arguments.content, LIST);
  await shoot(t, page, 'approval');
  await page.fill('textarea[name=reason]', 'The list is right.');
  if (await page.evaluate<boolean>('document.querySelector("input[name=passphrase]") !== null')) {
    await page.fill('input[name=passphrase]', PASSPHRASE);
  }
  await page.click('button[value=approve]');
  await program.seen(
    (text) => (/^ {2}allowed {2}files\/write_file /m.test(text) ? text : null),
    'the result of the held call',
  );
  assert.equal(readFileSync(join(data, 'sample', 'library', 'reading-list.md'), 'utf8'), LIST);
  await page.goto(approval);
  assert.match(await page.innerText('h1'), /used/);
  await shoot(t, page, 'used');
  assert.deepEqual(trouble, []);
});

test(
  'TH-25 TH-66 hostile text is all on the page, acts on nothing, and is what the server receives',
  { skip: missing },
  async (t) => {
    const org = await openRecordedOrganisation(t);
    const ruth = await org.stepUp('ruth');
    const { page, trouble } = await openPage(t, org.url);
    await page.goto(`${org.url}/sign-in`);
    await page.fill('input[name=human]', 'ruth');
    await page.fill('input[name=passphrase]', org.passphraseOf('ruth'));
    await page.click('main button');
    await page.waitForURL(`${org.url}/`);

    const shown: string[] = [];
    for (let n = 0; n < CALLS; n += 1) {
      const strings = HOSTILE_STRINGS.filter((_, index) => index % CALLS === n);
      const purpose = strings.find((text) => /[<>]/.test(text)) ?? 'Try things.';
      const opened = await org.openTask({ agent: 'worker', tools: ['rec/*'], purpose });
      const args = { strings };
      const id = await org.hold(opened.token, 'put', args);
      await page.goto(`${org.url}/approvals/${id}`);
      const { subject, digest } = await done<Approval>(org.request('GET', `/v1/approvals/${id}`, ruth));
      // What a person sees, not what stands in the document: hidden parts would be missing from it.
      assert.equal(withoutMarks(await page.innerText('pre[data-exact]')), subject.shown, `the page of call ${n}`);
      assert.equal(await page.evaluate<number>(OUT_OF_SIGHT), 0, `something of call ${n} is out of sight`);
      assert.equal(
        await page.evaluate<number>(
          'document.querySelectorAll("script, iframe, img, object, embed, style, base").length',
        ),
        0,
      );
      shown.push(subject.shown);
      if (n === 0) await shoot(t, page, 'hostile');
      await done(
        org.request('POST', `/v1/approvals/${id}/approve`, ruth, { digest, reason: purpose.replace(/\p{C}/gu, ' ') }),
      );
      assert.equal((await org.call(opened.token, 'put', args)).effect, 'allow');
      await page.goto(`${org.url}/approvals/${id}`);
    }
    assert.deepEqual(
      receivedCalls(org.record).map(({ params }) => params),
      shown,
    );
    for (const path of ['/', '/step-up']) await page.goto(org.url + path);
    await page.goto(org.url);
    await shoot(t, page, 'hostile-home');
    assert.deepEqual(trouble, []);
  },
);

/** How many pieces of the exact text have no place on the page, or are wider than it, or cannot be told from its ground. */
const OUT_OF_SIGHT = `(() => {
  const exact = document.querySelector('pre[data-exact]');
  const wide = document.documentElement.scrollWidth > document.documentElement.clientWidth ? 1 : 0;
  return wide + [...exact.querySelectorAll('*')].filter((piece) => {
    const { opacity, visibility, display, fontSize, color, backgroundColor } = getComputedStyle(piece);
    const boxes = piece.getClientRects();
    return piece.textContent !== '' && (boxes.length === 0 || opacity === '0' || visibility !== 'visible' || display === 'none' || parseFloat(fontSize) < 8 || color === backgroundColor);
  }).length;
})()`;

/** For a person to look at: a wide page, a phone's, and a phone's in the dark. */
async function shoot(t: TestContext, page: Page, name: string): Promise<void> {
  const place = process.env['MANDATE_SCREENSHOTS'] ?? folder(t);
  mkdirSync(place, { recursive: true });
  const looks = [
    ['wide', 1280, 'light'],
    ['phone', 390, 'light'],
    ['dark', 390, 'dark'],
  ] as const;
  for (const [look, width, colorScheme] of looks) {
    await page.setViewportSize({ width, height: 844 });
    await page.emulateMedia({ colorScheme });
    await page.screenshot({ path: join(place, `${name}-${look}.png`), fullPage: true });
    const wide = await page.evaluate<boolean>(
      'document.documentElement.scrollWidth > document.documentElement.clientWidth',
    );
    assert.ok(!wide, `${name} is wider than ${width} px`);
  }
  await page.setViewportSize({ width: 1280, height: 900 });
  await page.emulateMedia({ colorScheme: 'light' });
}
