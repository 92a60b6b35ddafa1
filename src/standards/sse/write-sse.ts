/**
 * One event as text. Each line of `data` becomes a line of its own, so no data can start an event or a field.
 * @throws TypeError when `event` or `id` holds a line break or NUL: those come from our own code
 */
export function writeSseEvent(event: { readonly event?: string; readonly id?: string; readonly data: string }): string {
  let text = '';
  if (event.event !== undefined) text += `event: ${oneLine(event.event)}\n`;
  if (event.id !== undefined) text += `id: ${oneLine(event.id)}\n`;
  for (const line of event.data.split(/\r\n|\n|\r/)) text += `data: ${line}\n`;
  return `${text}\n`;
}

/** A comment, which readers pass over: keeps an idle stream open. */
export const SSE_KEEP_ALIVE = ': \n\n';

function oneLine(text: string): string {
  if (/[\r\n\0]/.test(text)) throw new TypeError('an SSE field is one line');
  return text;
}
