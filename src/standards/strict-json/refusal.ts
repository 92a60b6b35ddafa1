/** Why a text was refused. The message never repeats the text; `offset` is in bytes from its start. */
export type StrictJsonRefusal = {
  readonly ok: false;
  readonly code: StrictJsonCode;
  readonly message: string;
  readonly offset: number;
};

export type StrictJsonCode = keyof typeof MESSAGES;

const MESSAGES = {
  body_too_large: 'The body is larger than the limit.',
  invalid_utf8: 'The body is not valid UTF-8.',
  byte_order_mark: 'The body starts with a byte order mark.',
  syntax: 'The body is not valid JSON.',
  trailing_data: 'There is more after the end of the JSON value.',
  duplicate_key: 'An object has the same key twice.',
  forbidden_key: 'A key is named __proto__, constructor or prototype.',
  nul_in_key: 'A key contains the NUL character.',
  lone_surrogate: 'A string contains half of a surrogate pair.',
  number_unsafe: 'A number is beyond ±(2^53-1) and would change on the way; send it as a string.',
  number_out_of_range: 'A number is too large or too small for a double.',
  number_negative_zero: 'A number is negative zero.',
  number_imprecise: 'A number has more digits than a double can repeat; send it as a string.',
  number_too_long: 'A number is written with too many characters.',
  string_too_long: 'A string is longer than the limit.',
  too_deep: 'Arrays and objects are nested too deeply.',
  too_many_nodes: 'The body holds too many values.',
} as const;

/** `offset` is in bytes. */
export function refusal(code: StrictJsonCode, offset: number): StrictJsonRefusal {
  return { ok: false, code, message: MESSAGES[code], offset };
}
