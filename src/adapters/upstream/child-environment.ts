import { MARKER_VARIABLE } from './marker.ts';

/** Of our own environment a child sees these two; a server's secrets come from its own `env` alone. */
export interface InheritedEnvironment {
  readonly PATH: string;
  readonly LANG: string;
}

/**
 * All a child sees. `home` is a directory of its own, so that no credentials of our user lie in its home; by `marker` it
 * and what it starts are found at its end.
 */
export function childEnvironment(
  inherited: InheritedEnvironment,
  { home, marker }: { readonly home: string; readonly marker: string },
  own: Readonly<Record<string, string>>,
): Record<string, string> {
  const ours = { [MARKER_VARIABLE]: marker, PATH: inherited.PATH, LANG: inherited.LANG, HOME: home, TMPDIR: home };
  return { ...ours, ...own, [MARKER_VARIABLE]: marker };
}
