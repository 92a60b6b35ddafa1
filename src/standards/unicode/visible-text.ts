import { markHidden } from './mark-hidden.ts';

/**
 * A text for terminals and logs in which nothing is hidden: one line, no control or format characters.
 * A hidden character becomes `⟦U+202E⟧`, a look-alike `⟦U+0430≈a⟧`, the brackets themselves `⟦U+27E6⟧` and
 * `⟦U+27E7⟧`; so different inputs always give different outputs. Right-to-left letters stay letters.
 */
export function visibleText(text: string): string {
  let visible = '';
  for (const segment of markHidden(text)) {
    switch (segment.kind) {
      case 'plain':
        visible += segment.text.replace(/[⟦⟧]/g, (bracket) => (bracket === '⟦' ? '⟦U+27E6⟧' : '⟦U+27E7⟧'));
        break;
      case 'hidden':
        visible += `⟦${segment.codepoint}⟧`;
        break;
      case 'lookalike':
        visible += `⟦${segment.codepoint}≈${segment.looks_like}⟧`;
        break;
    }
  }
  return visible;
}
