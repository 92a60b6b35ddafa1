import { MandateError } from '../../core/errors.ts';

export const FORM_BYTES_MAX = 16 * 1024;

/**
 * The fields of one of our forms.
 * @throws input.invalid for another type, a field that is not in `known` or is there twice; input.too_large
 */
export async function readForm<Name extends string>(
  request: Request,
  known: readonly Name[],
): Promise<Readonly<Record<Name, string>>> {
  const type = request.headers.get('content-type') ?? '';
  if (!/^application\/x-www-form-urlencoded(?:;|$)/i.test(type))
    throw new MandateError('input.invalid', 'This takes a form.');
  const fields = Object.fromEntries(known.map((name) => [name, ''])) as Record<Name, string>; // every known name, filled below
  const seen = new Set<string>();
  for (const [name, value] of new URLSearchParams(await boundedText(request))) {
    if (!isOneOf(known, name) || seen.has(name))
      throw new MandateError('input.invalid', 'The form has a field that it should not have.');
    seen.add(name);
    fields[name] = value;
  }
  return fields;
}

async function boundedText(request: Request): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  const body: AsyncIterable<Uint8Array> | null = request.body;
  if (body === null) return '';
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > FORM_BYTES_MAX) throw new MandateError('input.too_large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function isOneOf<Name extends string>(known: readonly Name[], name: string): name is Name {
  return known.some((one) => one === name);
}
