import { isJsonObject, type Json } from './json.ts';

/** What replaces a secret. */
export const REDACTED = '[redacted]';

/** A known value that is shorter is not taken out of texts: replacing it would tear up ordinary words. */
export const SECRET_VALUE_CHARS_MIN = 8;

/** Text with everything that has the form of a secret replaced: known token formats, keys, URL passwords, PEM blocks. */
export function redactText(text: string): string {
  let clean = text;
  for (const [form, replacement] of SECRET_FORMS) clean = clean.replace(form, replacement);
  return clean;
}

/** The value with secrets replaced: by form in every string, and whole where the key says that it holds a secret. */
export function redactJson(value: Json): Json {
  if (typeof value === 'string') return redactText(value);
  if (!isJsonObject(value)) return Array.isArray(value) ? (value as readonly Json[]).map(redactJson) : value; // isArray does not narrow readonly arrays
  // fromEntries defines members; assigning one named __proto__ would lose it.
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [
      redactText(key),
      SECRET_KEY.test(key) && member !== null ? REDACTED : redactJson(member),
    ]),
  );
}

/** Whether an environment variable holds a secret, by its name or by the form of its value. */
export function isSecretVariable(name: string, value: string): boolean {
  return SECRET_VARIABLE.test(name) || SECRET_KEY.test(name) || redactText(value) !== value;
}

const SECRET_VARIABLE =
  /(?:^|_)(?:api)?(?:key|token|secret|pass|password|passphrase|credentials?|auth|pat|dsn|cookie)(?:_|$)/i;

const SECRET_KEY =
  /^(?:.*[_-])?(?:password|passwd|passphrase|secret|api[_-]?key|apikey|access[_-]?token|refresh[_-]?token|id[_-]?token|auth[_-]?token|token|authorization|cookie|private[_-]?key|client[_-]?secret|credentials?)$/i;

/** Whatever Mandate itself issues. */
const OWN_BEARER = /(?<![A-Za-z0-9])(?:mdt|mdk|mds|mdc|mdl|mda)_[A-Za-z0-9_-]{20,100}/g;

/** Text without Mandate's own bearers: nobody else has a reason to pass one on. */
export function redactOwnBearers(text: string): string {
  return text.replace(OWN_BEARER, REDACTED);
}

/**
 * Published forms of credentials; each entry is bounded so that no text makes it slow. A form may follow an underscore
 * (`key_ghp_…`), so `\b` would not do.
 */
const SECRET_FORMS: readonly (readonly [RegExp, string])[] = [
  [/-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----[\s\S]{0,8192}?-----END [A-Z ]{0,40}PRIVATE KEY-----/g, REDACTED],
  [/(?<![A-Za-z0-9])eyJ[A-Za-z0-9_-]{8,4096}\.[A-Za-z0-9_-]{8,8192}\.[A-Za-z0-9_-]{0,2048}/g, REDACTED], // JWT
  [/(?<![A-Za-z0-9])(?:ghp|gho|ghu|ghs|ghr)_[A-Za-z0-9]{30,255}/g, REDACTED],
  [/(?<![A-Za-z0-9])github_pat_[A-Za-z0-9_]{20,255}/g, REDACTED],
  [/(?<![A-Za-z0-9])glpat-[A-Za-z0-9_-]{16,64}/g, REDACTED],
  [/(?<![A-Za-z0-9])xox[abeoprs]-[A-Za-z0-9-]{10,255}/g, REDACTED],
  [/(?<![A-Za-z0-9])sk-[A-Za-z0-9_-]{16,255}/g, REDACTED],
  [/(?<![A-Za-z0-9])(?:AKIA|ASIA)[A-Z0-9]{16,64}/g, REDACTED],
  [/(?<![A-Za-z0-9])AIza[A-Za-z0-9_-]{35,255}/g, REDACTED],
  [OWN_BEARER, REDACTED],
  [/(?<![A-Za-z0-9])(Bearer|Basic)\s+[A-Za-z0-9+/=._~-]{16,4096}/gi, `$1 ${REDACTED}`],
  [/([a-z][a-z0-9+.-]{1,20}:\/\/[^\s/:@]{0,100}:)[^\s/@]{1,200}@/gi, `$1${REDACTED}@`],
];
