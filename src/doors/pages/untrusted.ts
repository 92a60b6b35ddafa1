import { raw } from 'hono/html';
import type { HtmlEscapedString } from 'hono/utils/html';
import { markHidden, type Segment } from '../../standards/unicode/mark-hidden.ts';

export type Html = HtmlEscapedString | Promise<HtmlEscapedString>;

/**
 * A text that somebody else wrote, so that a reader sees all of it and nothing of it acts. A control, bidi, zero-width
 * or look-alike character is never put on the page itself: its mark is.
 *
 * The text of the DOM is exactly `visibleText(text)` (standards/unicode), from which the original can be read back:
 * each mark `⟦U+…⟧` is one code point, and the brackets themselves are marked like any other.
 */
export function untrusted(text: string): Html {
  return raw(untrustedMarkup(text));
}

/** The markup of `untrusted`. */
export function untrustedMarkup(text: string): string {
  return markHidden(text)
    .map((segment, at, all) => segmentHtml(segment, at === 0, at === all.length - 1))
    .join('');
}

function segmentHtml(segment: Segment, first: boolean, last: boolean): string {
  switch (segment.kind) {
    case 'plain': {
      const parts = segment.text.split(/([⟦⟧])/);
      return parts.map((part, at) => plainHtml(part, first && at === 0, last && at === parts.length - 1)).join('');
    }
    case 'hidden':
      return mark('hidden', segment.codepoint, `⟦${segment.codepoint}⟧`, segment.name);
    case 'lookalike':
      return mark(
        'alike',
        segment.codepoint,
        `⟦${segment.codepoint}≈${segment.looks_like}⟧`,
        `looks like ${segment.looks_like}`,
      );
  }
}

function plainHtml(text: string, first: boolean, last: boolean): string {
  if (text === '⟦') return mark('hidden', 'U+27E6', '⟦U+27E6⟧', 'the bracket of these marks');
  if (text === '⟧') return mark('hidden', 'U+27E7', '⟦U+27E7⟧', 'the bracket of these marks');
  // Runs of spaces, and spaces at the ends, are made visible by style alone: nothing is pushed out of sight or missed.
  const parts = text.split(/( {2,}|^ | $)/);
  const inner = parts
    .map((part, at) => {
      const atEnd = (first && at <= 1) || (last && at >= parts.length - 2);
      return /^ +$/.test(part) && (part.length > 1 || atEnd) ? `<span class="gap">${part}</span>` : escape(part);
    })
    .join('');
  // Isolated, so that letters written from right to left cannot move what stands beside them.
  return /^[ -~]*$/.test(text) ? inner : `<bdi>${inner}</bdi>`;
}

function mark(kind: string, codepoint: string, shown: string, title: string): string {
  return `<span class="mark ${kind}" data-mark="${escape(codepoint)}" title="${escape(title)}">${escape(shown)}</span>`;
}

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (char) => ENTITIES[char] ?? '');
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};
