import type { Json } from '../json.ts';
import type { EffectClass, ToolDefinition, ToolFacts } from '../tool.ts';

/**
 * What a tool is taken to do, from its name and its server's hints. Doubt resolves to the more dangerous class: an
 * unknown verb executes. Hints may make a tool worse; only a trusted server's may make it better, and only when its
 * name does not say otherwise (MCP: "clients MUST consider annotations untrusted unless they come from trusted servers").
 */
export function deriveToolFacts(definition: ToolDefinition, trust: 'trusted' | 'untrusted'): ToolFacts {
  const hint = definition.annotations ?? {};
  const name = readName(definition.name);
  const classes = new Set<EffectClass>();
  const why: string[] = [];
  const hintedRead = trust === 'trusted' && hint['readOnlyHint'] === true;

  if (name.reads) {
    classes.add('read');
    why.push('its name leads with a word for reading');
  } else if (hintedRead && name.mayRead) {
    classes.add('read');
    why.push('its trusted server hints that it only reads, and its name does not say otherwise');
  } else {
    for (const [word, effect] of name.effects) {
      classes.add(effect);
      why.push(`"${word}" in its name means ${effect}`);
    }
  }
  if (classes.size === 0) {
    classes.add('execute');
    why.push('nothing says what it does, so it counts as execute');
  }
  if (onlyRead(classes) && (hint['readOnlyHint'] === false || (hint['destructiveHint'] === true && !hintedRead))) {
    classes.add('update');
    why.push('its server hints that it does not only read');
  }
  // A read with another effect beside it is not a read alone.
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

interface NameRead {
  /** The name says that the tool reads, and nothing else. */
  readonly reads: boolean;
  /** It names no other effect, or only words that may as well be things beside a word for reading. */
  readonly mayRead: boolean;
  /** The words that stand for another effect than reading. */
  readonly effects: readonly (readonly [string, EffectClass])[];
}

/**
 * A word for reading is a verb where it leads (`list_orders`); elsewhere it may be a thing or a state (`wipe_list`,
 * `mark_as_read`), so it does not make a read. Behind a leading one, a word such as `order` is what is read.
 */
function readName(name: string): NameRead {
  const parts = partsOf(name);
  const reading = parts.filter(leadsWithReading);
  const objects = new Set(reading.flatMap(objectsOf));
  const words = parts.flat();
  const effects = words.flatMap((word) =>
    objects.has(word) && !parts.some(([lead]) => lead === word)
      ? []
      : (VERBS.get(word) ?? []).filter((effect) => effect !== 'read').map((effect) => [word, effect] as const),
  );
  return {
    // A letter outside ASCII may belong to a verb that this list cannot know.
    reads: parts.length > 0 && reading.length === parts.length && effects.length === 0 && /^[ -~]*$/.test(name),
    mayRead: effects.length === 0 || (words.some(isReading) && effects.every(([word]) => THINGS.has(word))),
    effects,
  };
}

function leadsWithReading([lead, next]: readonly string[]): boolean {
  if (lead === undefined || !isReading(lead)) return false;
  return next === undefined || (!NOUNS.has(lead) && !PARTICLES.has(next));
}

/** The words of this part that are what is read. Behind a lead that may be a thing itself (`list_archive`) nothing is. */
function objectsOf([lead, ...others]: readonly string[]): readonly string[] {
  if (lead === undefined || !ONLY_VERBS.has(lead)) return [];
  // `get_request` sends one; `get_pull_request` reads one.
  return others.filter((word, index) => THINGS.has(word) && !(word === 'request' && index === 0));
}

function isReading(word: string): boolean {
  return VERBS.get(word)?.includes('read') === true;
}

/** Words for reading that are no verbs at all: beside another word, that may be the verb (`tree_prune`). */
const NOUNS: ReadonlySet<string> = new Set(['tree', 'status', 'info', 'stat']);
/** Words for reading that are hardly ever a thing. */
const ONLY_VERBS: ReadonlySet<string> = new Set(['get', 'read', 'find', 'show', 'describe', 'lookup']);
/** A verb with one of these is another verb: `check_out` is no check. */
const PARTICLES: ReadonlySet<string> = new Set(['in', 'out', 'off', 'up', 'down']);
const CONJUNCTIONS = /^(?:and|or|then)$/;

/** The words of what the tool is said to do, one list for each verb: `get_and_delete` has two. */
function partsOf(name: string): readonly (readonly string[])[] {
  // What stands before the last dot, slash or colon is a namespace, unless it holds a verb: then it counts, too.
  const spaces = name.split(/[./:]/).map(wordsOf);
  const named = spaces.filter((words, index) => index === spaces.length - 1 || words.some((word) => VERBS.has(word)));
  return named.flatMap((words) => {
    const parts: string[][] = [[]];
    for (const word of words) {
      if (CONJUNCTIONS.test(word)) parts.push([]);
      else parts.at(-1)?.push(word);
    }
    return parts.filter((part) => part.length > 0);
  });
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

/** `writeFile`, `write_file`, and `write-file` all hold the word `write`. */
function wordsOf(name: string): readonly string[] {
  return name
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replace(/([A-Z])([A-Z][a-z])/g, '$1 $2') // `DBDelete`
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== '');
}

const rows: readonly (readonly [EffectClass, string])[] = [
  [
    'read',
    'get list read search find show describe view query lookup count check status info stat tree head tail echo compare diff validate preview',
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

/**
 * Words of the list that are as often a thing as a verb. Not among them: `secret`, `key`, `token` and `credential`, since
 * to read one is to be given access.
 */
const THINGS: ReadonlySet<string> = new Set(
  (
    'copy draft upload import patch change store commit tag archive transfer post reply email mail message comment tweet ' +
    'share broadcast invite purchase order charge book refund deposit permit role permission policy build script request'
  ).split(' '),
);
