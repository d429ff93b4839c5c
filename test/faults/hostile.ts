import type { Random } from '../../src/support/random.ts';

/*
 * Lines that a stranger's log may hold: real records bent in one to three places, each place by one of the ways below. Seeded, so that a case can be
 * made again from its number.
 */

type Json = unknown;
type Bend = (line: string, random: Random, donors: readonly string[]) => string;

/** A hostile line: `make(random, donors)` where donors are real records' lines. */
export function hostileLine(random: Random, donors: readonly string[]): string {
  let line = random.pick(donors);
  const times = 1 + random.below(3);
  for (let time = 0; time < times; time++) line = random.pick(bends)(line, random, donors);
  return line.replaceAll('\n', ' ');
}

/** Numbers that break bounds, counters and loops. */
const numbers: readonly number[] = [
  ...[0, -0, -1, 1, 2, 3, 0.5, -2147483648, 2147483647, 2147483648, 4294967296, 2 ** 40, 2 ** 53, -(2 ** 53)],
  ...[1e21, 1e308, Number.MIN_VALUE, 65535, 65536, 1_000_003],
];

/** Numbers that a schedule may well have: a schedule bent by these is often still legal. */
const likely: readonly number[] = [1, 2, 3, 4, 5, 7, 8, 13, 16, 32];

const names: readonly string[] = [
  ...[
    '__proto__',
    'constructor',
    'prototype',
    'toString',
    'hasOwnProperty',
    'then',
    'length',
    '',
    ' ',
    '\u0000',
    '\u202e',
  ],
  ...[
    '../../etc/passwd',
    '%{process.exit(7)}',
    '\u001b[2J',
    'a'.repeat(300),
    '日本語',
    '\ud800',
    '0',
    '-1',
    'i',
    'matmul',
  ],
  ...[
    'process.exit(7)',
    'x); } @compute fn evil() {',
    '('.repeat(5000),
    'x+'.repeat(5000),
    '1e999',
    'sqrt('.repeat(900),
  ],
];

function value(random: Random): Json {
  switch (random.below(9)) {
    case 0:
    case 1:
      return random.pick(numbers);
    case 2:
      return random.pick(names);
    case 3:
      return null;
    case 4:
      return random.below(2) === 0;
    case 5:
      return [];
    case 6:
      return Array.from({ length: random.pick([1, 9, 2000]) }, () => random.pick(numbers));
    case 7:
      return JSON.parse(`{"${random.pick(['__proto__', 'constructor', 'x'])}":{"polluted":true}}`);
    default:
      return 'y'.repeat(random.pick([10, 20_000, 300_000]));
  }
}

const bends: readonly Bend[] = [
  // Bytes
  (line, random) => line.slice(0, random.below(line.length + 1)),
  (line, random) => {
    const at = random.below(line.length + 1);
    return line.slice(0, at) + String.fromCharCode(random.below(256)) + line.slice(at + random.below(3));
  },
  (line, random, donors) => {
    const other = random.pick(donors);
    return line.slice(0, random.below(line.length + 1)) + other.slice(random.below(other.length + 1));
  },
  // Numbers and names, wherever they stand: most leave the JSON whole
  ...Array<Bend>(3).fill((line, random) =>
    replaceOne(line, /(?<=[:[,])-?\d+(\.\d+)?/g, random, () => String(random.pick(numbers))),
  ),
  (line, random) => replaceOne(line, /"[^"\\]*"/g, random, () => JSON.stringify(random.pick(names))),
  (line, random) =>
    replaceOne(line, /-?\d+(\.\d+)?/g, random, () => random.pick(['1e999', '-1e999', '00', '1e-400', '9'.repeat(400)])),
  // An additional key
  (line, random) =>
    replaceOne(
      line,
      /\{/g,
      random,
      () =>
        `{"${random.pick(['__proto__', '\\u005f_proto__', 'constructor', 'toJSON'])}":${JSON.stringify(value(random))},`,
    ),
  // Depth
  (line, random) => {
    const depth = random.pick([5, 9, 100, 20_000]);
    const [open, close] = random.below(2) === 0 ? ['[', ']'] : ['{"a":', '}'];
    return replaceOne(line, /(?<=":)("[^"]*"|\d+|\[|\{)/g, random, (held) =>
      '[{'.includes(held) ? held : `${open.repeat(depth)}1${close.repeat(depth)}`,
    );
  },
  // The shape of the document
  bendValue((record, random) => {
    const path = randomPath(record, random);
    return withPath(record, path, () => value(random));
  }),
  bendValue((record, random) => withPath(record, randomPath(record, random), () => undefined)),
  // The schedule
  ...Array<Bend>(4).fill(
    bendValue((record, random) =>
      withPath(record, ['trace', 'steps'], (steps) => (Array.isArray(steps) ? bendSteps(steps, random) : steps)),
    ),
  ),
  // The workload, and the device that the record names
  bendValue((record, random) =>
    withPath(record, ['workload', 'params'], (params) =>
      eachNumber(params, () => (random.below(2) === 0 ? null : random.pick(numbers))),
    ),
  ),
  bendValue((record, random) =>
    withPath(record, ['workload', 'attributes'], () => ({ [random.pick(names)]: random.pick(names) })),
  ),
  bendValue((record, random) =>
    withPath(record, ['workload'], () => ({
      operator: 'elementwise',
      params: { n: 64 },
      attributes: { expression: random.pick(names) },
      dtype: 'f32',
    })),
  ),
  bendValue((record, random) =>
    withPath(record, ['device', 'limits'], (limits) => eachNumber(limits, () => random.pick([2 ** 53 - 1, 0, 1]))),
  ),
];

function bendSteps(steps: readonly Json[], random: Random): readonly Json[] {
  const at = random.below(Math.max(1, steps.length));
  switch (random.below(6)) {
    case 0:
      return random.shuffled(steps);
    case 1:
      return steps.flatMap((step, index) =>
        index === at ? Array<Json>(random.pick([2, 50, 3000])).fill(step) : [step],
      );
    case 2:
      return steps.filter((_, index) => index !== at);
    case 3:
      // Splits of splits: endless loops, or loops of astronomic extents.
      return [
        ...steps.slice(0, at),
        { primitive: 'split', args: { loop: loopIn(steps, random), factors: [null, random.pick(numbers)] } },
        ...steps.slice(at),
      ];
    case 4:
      return [
        ...steps.slice(0, at),
        {
          primitive: random.pick([
            'unroll',
            'vectorize',
            'fuse',
            'pad',
            'storageAlign',
            'cacheRead',
            'loopPartition',
            'doubleBuffer',
          ]),
          args: {
            loop: loopIn(steps, random),
            block: random.pick(names),
            buffer: random.pick(['A', 'B', 'C']),
            scope: 'workgroup',
            multiple: random.pick(numbers),
            factor: random.pick(numbers),
            offset: random.pick(numbers),
          },
        },
        ...steps.slice(at),
      ];
    default:
      return steps.map((step, index) =>
        index === at ? eachNumber(step, () => random.pick(random.below(2) === 0 ? numbers : likely)) : step,
      );
  }
}

function loopIn(steps: readonly Json[], random: Random): Json {
  const loops = steps.flatMap((step) => {
    const loop = (step as { args?: { loop?: Json } } | null)?.args?.loop;
    return typeof loop === 'string' ? [loop, `${loop}_0`, `${loop}_1`] : [];
  });
  return loops.length === 0 ? 'i' : random.pick(loops);
}

function bendValue(bend: (record: Json, random: Random) => Json): Bend {
  return (line, random) => {
    try {
      return JSON.stringify(bend(JSON.parse(line), random)) ?? 'null';
    } catch {
      // Bent beyond JSON already.
      return line;
    }
  };
}

function replaceOne(line: string, pattern: RegExp, random: Random, by: (held: string) => string): string {
  const found = [...line.slice(0, 50_000).matchAll(pattern)];
  if (found.length === 0) return line;
  const { index, 0: held } = random.pick(found);
  return line.slice(0, index) + by(held) + line.slice(index + held.length);
}

function randomPath(value: Json, random: Random): readonly string[] {
  const path: string[] = [];
  let at = value;
  while (
    typeof at === 'object' &&
    at !== null &&
    Object.keys(at).length > 0 &&
    (path.length === 0 || random.below(4) > 0)
  ) {
    const key = random.pick(Object.keys(at));
    path.push(key);
    at = (at as Record<string, Json>)[key];
  }
  return path;
}

function withPath(value: Json, path: readonly string[], change: (held: Json) => Json): Json {
  const [key, ...rest] = path;
  if (key === undefined) return change(value);
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value))
    return value.map((item, index) => (String(index) === key ? withPath(item, rest, change) : item));
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [name, name === key ? withPath(item, rest, change) : item]),
  );
}

/** Replaces the numbers of a value, at any depth; null leaves one as it is. */
function eachNumber(value: Json, by: () => number | null): Json {
  if (typeof value === 'number') return by() ?? value;
  if (Array.isArray(value)) return value.map((item) => eachNumber(item, by));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, eachNumber(item, by)]));
}
