/** Of our own environment a child sees these two; a server's secrets come from its own `env` alone. */
export interface InheritedEnvironment {
  readonly PATH: string;
  readonly LANG: string;
}

/** All a child sees. `home` is a directory of its own, so that no credentials of our user lie in its home. */
export function childEnvironment(
  inherited: InheritedEnvironment,
  home: string,
  own: Readonly<Record<string, string>>,
): Record<string, string> {
  return { PATH: inherited.PATH, LANG: inherited.LANG, HOME: home, TMPDIR: home, ...own };
}
