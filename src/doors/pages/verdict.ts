import { html } from 'hono/html';
import type { Html } from './untrusted.ts';

/** Colour is never alone: an icon and a word. */
export function verdict(effect: string): Html {
  const [icon, word] = EFFECTS.get(effect) ?? ['•', effect];
  return html`<span class="verdict ${EFFECTS.has(effect) ? effect : ''}"
    ><span aria-hidden="true">${icon}</span> ${word}</span
  >`;
}

const EFFECTS: ReadonlyMap<string, readonly [icon: string, word: string]> = new Map([
  ['allow', ['✓', 'Allowed']],
  ['deny', ['✕', 'Denied']],
  ['hold', ['‖', 'Held']],
]);
