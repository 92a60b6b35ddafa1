import type { Json } from '../json.ts';
import type { EffectClass, ToolDefinition, ToolFacts } from '../tool.ts';

/**
 * What a tool is taken to do, from its name and its server's hints. Doubt resolves to the more dangerous class: an
 * unknown verb executes. Hints may make a tool worse; only a trusted server's may make it better, and only when its
 * name does not say otherwise (MCP: "clients MUST consider annotations untrusted unless they come from trusted servers").
 */
export function deriveToolFacts(definition: ToolDefinition, trust: 'trusted' | 'untrusted'): ToolFacts {
  const words = wordsOf(definition.name);
  const named = words.flatMap((word) => (VERBS.get(word) ?? []).map((effect) => [word, effect] as const));
  const classes = new Set<EffectClass>(named.map(([, effect]) => effect));
  const why: string[] = named.map(([word, effect]) => `"${word}" in its name means ${effect}`);
  const hint = definition.annotations ?? {};

  if (classes.size === 0) {
    const readOnly = trust === 'trusted' && isTrue(hint['readOnlyHint']);
    classes.add(readOnly ? 'read' : 'execute');
    why.push(
      readOnly ? 'its trusted server hints that it only reads' : 'nothing says what it does, so it counts as execute',
    );
  }
  if (hint['readOnlyHint'] === false && onlyRead(classes)) {
    classes.add('update');
    why.push('its server hints that it does not only read');
  }
  // A read with a foreign verb beside it ("get_and_delete") is not a read alone.
  if (classes.size > 1) classes.delete('read');
  const reversible = isReversible(classes, hint['destructiveHint'], trust);
  if (!reversible) why.push('its effect is not taken to be reversible');
  return {
    effect_class: [...classes].sort(),
    reversible,
    source: 'derived',
    set_by: 'mandate',
    reason: `${why.join('; ')}.`,
  };
}

/** MCP: `destructiveHint` defaults to true; only a trusted server may say that its tool merely adds. */
function isReversible(
  classes: ReadonlySet<EffectClass>,
  destructive: Json | undefined,
  trust: 'trusted' | 'untrusted',
): boolean {
  if (onlyRead(classes)) return true;
  if ([...classes].some((effect) => IRREVERSIBLE.has(effect))) return false;
  return trust === 'trusted' && destructive === false;
}

const IRREVERSIBLE: ReadonlySet<EffectClass> = new Set(['delete', 'send', 'pay', 'grant', 'execute']);

function onlyRead(classes: ReadonlySet<EffectClass>): boolean {
  return classes.size === 1 && classes.has('read');
}

function isTrue(value: Json | undefined): boolean {
  return value === true;
}

/** `writeFile`, `write_file`, `write-file` and `files.write` all hold the word `write`. */
function wordsOf(name: string): readonly string[] {
  return name
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== '');
}

const rows: readonly (readonly [EffectClass, string])[] = [
  [
    'read',
    'get list read search find show describe view query lookup count check status info stat tree head tail echo compare diff validate preview open',
  ],
  ['create', 'create add new make insert append draft generate register init copy clone upload import'],
  [
    'update',
    'update edit write set put patch modify change replace rename save enable disable toggle merge commit store tag assign',
  ],
  ['delete', 'delete remove drop purge erase clear destroy truncate unlink rm uninstall reset revert'],
  ['move', 'move transfer migrate archive'],
  [
    'send',
    'send post publish reply forward notify email mail message comment tweet share broadcast submit push invite',
  ],
  ['pay', 'pay purchase buy order checkout refund charge book reserve withdraw deposit'],
  ['grant', 'grant authorize permit role permission invite share token key credential secret policy'],
  [
    'execute',
    'run execute exec eval invoke trigger start stop restart kill deploy install build shell bash spawn script',
  ],
  ['fetch', 'fetch download crawl scrape browse navigate request curl http visit'],
];

/** A word may stand for several effects: `share` sends and grants. */
const VERBS: ReadonlyMap<string, readonly EffectClass[]> = new Map(
  [...new Set(rows.flatMap(([, words]) => words.split(' ')))].map((word) => [
    word,
    rows.filter(([, words]) => words.split(' ').includes(word)).map(([effect]) => effect),
  ]),
);
