import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { exitCode } from '../../src/support/errors.ts';
import { type Ended, wgtune, wgtuneHere } from './wgtune.ts';

const folder = mkdtempSync(join(tmpdir(), 'wgtune-bad-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const put = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text);
  return name;
};
mkdirSync(join(folder, 'full'));
put('full/precious.txt', 'mine');
put('file', '');
put('broken.json', '{"trace": ');
put('empty.json', '{}');
put('list.json', '[]');
put('steps.json', '{"version": 1, "steps": [{"primitive": 7}]}');
put('unfit.json', '{"version": 1, "steps": [{"primitive": "unroll", "args": {"loop": "nowhere"}}]}');
put(
  'softmax.json',
  '{"workload": {"operator": "softmax", "params": {}, "attributes": {}, "dtype": "f32"}, "trace": {"version": 1, "steps": []}}',
);
put('two.jsonl', '{"a": 1}\n{"a": 2}\n');

const { usage, noDevice, noRecord } = exitCode;

/** Command line, exit code, and what the one sentence says. */
const mistakes: readonly (readonly [string, number, RegExp])[] = [
  // Commands and options
  ['tuen matmul', usage, /unknown command 'tuen' \(Did you mean tune\?\)/],
  ['frobnicate', usage, /unknown command 'frobnicate'; see `wgtune --help`/],
  ['tune matmul --trails 3', usage, /unknown option '--trails' \(Did you mean --trials\?\)/],
  ['tune matmul --zzz', usage, /unknown option '--zzz'; see `wgtune tune --help`/],
  ['tune', usage, /name an operator \(`wgtune ops` lists them\), or list the workloads of this project/],
  ['tune matmul m=3', usage, /a shape is one word after -s, e\.g\. -s m=128,n=128/],
  ['export matmul', usage, /name the folder to write: wgtune export matmul -o matmul-kernel/],
  ['tune matmul --browser /nowhere', usage, /--browser goes with --device browser/],
  ['best matmul --device browser --browser /nowhere', noDevice, /there is no browser at \/nowhere/],
  [
    'tune matmul --device browser --cold',
    usage,
    /a page has no way to empty the caches of its device; leave out --cold/,
  ],
  ['export matmul -o out --from logs', usage, /--from is for modules; add --as module/],
  // Workloads
  ['tune matmull', usage, /no operator "matmull"; did you mean matmul\?/],
  ['ops matmull', usage, /no operator "matmull"; did you mean matmul\?/],
  ['tune matmul -s m=0', usage, /m=0 of matmul is too small; it must be an integer of at least 1/],
  ['tune matmul -s m=-3', usage, /m=-3 of matmul is too small/],
  ['tune matmul -s m=1e12', usage, /m=1e12 of matmul is too large; it may be at most 2147483647/],
  ['tune matmul -s 128', usage, /"128" in the shape has no dimension name; write name=128/],
  ['tune matmul -s m=1 -s m=2', usage, /gives m twice/],
  ['tune matmul --dtype f64', usage, /dtype "f64" must be f32 or f16/],
  ['tune elementwise --attr x', usage, /--attr "x" must be name=value/],
  // Options' values
  ['tune matmul --trials 0', usage, /--trials "0" must be a whole number of at least 1/],
  ['tune matmul --trials x', usage, /--trials "x" must be a whole number of at least 1/],
  ['tune matmul --time-limit 0', usage, /--time-limit "0" must be a number of seconds above 0/],
  ['tune matmul --seed 1.5', usage, /--seed "1\.5" must be a whole number from 0 to 2147483647/],
  [
    'tune matmul --search bean',
    usage,
    /--search "bean" must be auto or beam or bayesian or annealing or evolution or rank or random or grid \(did you mean beam\?\)/,
  ],
  [
    'show matmul --as wsgl',
    usage,
    /--as "wsgl" must be loops or trace or wgsl or features or limits \(did you mean wgsl\?\)/,
  ],
  // Devices and folders
  ['tune matmul --device nope', noDevice, /there is no device "nope"; choose one of .*swiftshader/],
  [
    'tune matmul --device swiftshader --log @/file/logs',
    usage,
    /the tuning log .*file\/logs.* cannot be read .*check the path/,
  ],
  [
    'best matmul --device swiftshader -s m=7 --log @/nowhere',
    noRecord,
    /no record of matmul .*\(wgtune tune matmul -s m=7 --device swiftshader --log \S+nowhere\)/,
  ],
  [
    'run matmul --device swiftshader --log @/nowhere',
    noRecord,
    /\(wgtune tune matmul --device swiftshader --log \S+nowhere\)/,
  ],
  // Schedules
  ['show matmul --schedule @/none.json', usage, /there is no schedule file \S+none\.json/],
  ['show matmul --schedule @/full', usage, /full is a folder; name a schedule file in it/],
  ['show matmul --schedule @/broken.json', usage, /broken\.json is not JSON \(.*\); a schedule file is/],
  ['show matmul --schedule @/empty.json', usage, /empty\.json has no "trace"/],
  ['show matmul --schedule @/list.json', usage, /list\.json holds no JSON object/],
  ['show matmul --schedule @/steps.json', usage, /steps\.json holds no schedule: trace\.steps\.0\.primitive/],
  ['show matmul --schedule @/unfit.json', usage, /step 1 of the schedule does not fit this workload/],
  ['show matmul --schedule @/softmax.json', usage, /the schedule is for softmax, not for matmul/],
  ['show matmul --schedule @/two.jsonl', usage, /two\.jsonl holds 2 records; give a file with the one line you want/],
  ['show matmul --schedule @/unfit.json --naive', usage, /--schedule and --naive name two schedules/],
  // Experiments
  ['transfer --spaces @/nowhere', usage, /there is no file or folder \S+nowhere/],
  ['transfer --spaces @/full', usage, /--spaces has no recorded space; name files that end in \.json/],
  ['transfer --spaces @/empty.json', usage, /empty\.json: it is neither T4 .* nor a Kernel Tuner cache/],
  ['transfer --spaces @/broken.json', usage, /broken\.json: it is not JSON/],
  ['transfer --spaces @/empty.json --target A100', usage, /--target matches none of the spaces empty/],
  ['transfer --spaces @/empty.json --target (', usage, /--target "\(" must be a regular expression/],
  [
    'transfer --spaces @/empty.json --tiers severl',
    usage,
    /--tiers "severl" must be of cold, .* \(did you mean several\?\)/,
  ],
  ['transfer --spaces @/empty.json --method @/none.mjs', usage, /--method: there is no module \S+none\.mjs/],
];

/** These are started as a shell would start them; the others run here, which is quicker. */
const started = new Set(['tuen matmul', 'tune matmul -s m=0', 'tune matmul --device nope']);

const wordsOf = (line: string): string[] => line.split(' ').map((word) => word.replace('@', folder));

function expectOneSentence({ stdout, stderr, code }: Ended, expected: number, sentence: RegExp): void {
  expect(stdout).toBe('');
  const said = stderr.trimEnd().split('\n');
  // A run that had begun has reported what it was about to do; the error is still one line, and the last.
  expect(said.filter((text) => text.startsWith('error: '))).toEqual([said.at(-1)]);
  expect(said.at(-1)).toMatch(sentence);
  expect(stderr).not.toMatch(/^ +at /m);
  expect(code).toBe(expected);
}

describe('a mistake on the command line', () => {
  it.each(mistakes)('wgtune %s: exit code %i', async (line, code, sentence) => {
    const run = started.has(line) ? wgtune : wgtuneHere;
    expectOneSentence(await run(wordsOf(line)), code, sentence);
  });

  it('a log that cannot be written ends the run before its first trial', {
    skip: process.platform !== 'linux',
  }, async () => {
    const line = 'tune matmul -s m=16,n=16,k=16 --device swiftshader --log /proc/wgtune';
    expectOneSentence(await wgtune(line.split(' ')), usage, /cannot write the tuning log .*\/proc\/wgtune/);
  });

  it('shows where an error comes from with --verbose', async () => {
    const { stderr, code } = await wgtune(['--verbose', 'tune', 'matmul', '-s', 'm=0']);
    expect(stderr).toMatch(/m=0 of matmul is too small/);
    expect(stderr).toMatch(/^ +at .*parse-workload/m);
    expect(code).toBe(usage);
  });
});
