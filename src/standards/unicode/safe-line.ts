import { visibleText } from './visible-text.ts';

/** Enough for a log line or a terminal row; longer text belongs on a page. */
export const LINE_CHARS_MAX = 2_000;

/**
 * One line of {@link visibleText} for terminals and logs: no CR, LF, ANSI escape or C1 control can leave it.
 * Input beyond `chars_max` UTF-16 units is not shown but counted: `… ⟦+120⟧`. That form is no escape of
 * any character, so a cut text cannot pass for a whole one.
 */
export function safeLine(text: string, chars_max: number = LINE_CHARS_MAX): string {
  if (text.length <= chars_max) return visibleText(text);
  // Not between the halves of a surrogate pair.
  const end = /[\ud800-\udbff]/.test(text.charAt(chars_max - 1)) ? chars_max - 1 : chars_max;
  return `${visibleText(text.slice(0, end))}… ⟦+${text.length - end}⟧`;
}
