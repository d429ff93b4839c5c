import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeWorkload } from '../../src/operators/parse-workload.ts';
import type { TuningRecord } from '../../src/records/record.ts';
import { createRandom } from '../../src/support/random.ts';
import { naiveOf } from '../../src/tuner/build.ts';
import { makeDevice, makeRecord, matmul } from '../records/fixtures.ts';
import { wgtuneHere } from './wgtune.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'wgtune-compare-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A log of one record, of a kernel that takes `ns` within 1%. */
function log(name: string, ns: number, changes: Partial<TuningRecord> = {}, count = 30): string {
  const random = createRandom(ns);
  const samplesNs = Array.from({ length: count }, () => ns * (1 + 0.01 * random.unit()));
  const sorted = [...samplesNs].sort((a, b) => a - b);
  const record = makeRecord({
    id: `${name}#0`,
    run: name,
    samplesNs,
    medianNs: sorted[count >> 1] as number,
    ...changes,
  });
  const path = join(folder, `${name}.jsonl`);
  writeFileSync(path, `${JSON.stringify(record)}\n`);
  return path;
}

describe('wgtune compare', () => {
  it('tells a slower kernel with its interval, and fails where it is asked to', async () => {
    const [a, b] = [log('a', 1e6), log('b', 1.1e6)];
    const { code, stdout } = await wgtuneHere(['compare', a, b]);
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /matmul m=128 n=128 k=128 f32 +lavapipe +1\.0\d ms +1\.1\d ms +\+(9|10)\.\d% +\+\d+\.\d% to \+1\d\.\d% +SLOW\n1 SLOW\n$/,
    );
    const failed = await wgtuneHere(['compare', a, b, '--fail-on', 'slow,missing']);
    expect([failed.code, failed.stderr]).toEqual([1, 'error: compared with --fail-on: 1 SLOW\n']);
    expect((await wgtuneHere(['compare', b, a, '--fail-on', 'slow'])).code).toBe(0);
  });

  it('calls a log beside itself the same, and prints it as JSON and as Markdown', async () => {
    const a = log('a', 1e6);
    const json = JSON.parse((await wgtuneHere(['compare', a, a, '--json'])).stdout);
    expect(json).toMatchObject({
      margin: 0.025,
      unpaired: [],
      comparisons: [{ verdict: 'SAME', how: 'apart', differs: [] }],
    });
    const { stdout } = await wgtuneHere(['compare', a, a, '--markdown']);
    expect(stdout).toMatch(/^\| workload .*\n\| -+ \|.*\n\| matmul .* SAME/);
  });

  it('compares a device set up otherwise and says in what it differs, and names what has no partner', async () => {
    const a = log('a', 1e6);
    const b = log('b', 1e6, { device: makeDevice({ driver: 'Mesa 25.1.0' }) });
    const wide = { ...matmul, params: { ...matmul.params, n: 64 } };
    const both = join(folder, 'both');
    mkdirSync(both);
    log('both/c', 1e6);
    log('both/d', 1e6, { workload: wide });
    expect((await wgtuneHere(['compare', a, b])).stdout).toMatch(/1 SAME|differ in driver/);
    const { stdout, code } = await wgtuneHere(['compare', both, b, '--fail-on', 'missing']);
    expect(stdout).toContain('only before: matmul m=128 n=64 k=128 f32 on lavapipe');
    expect(code).toBe(1);
  });

  it('is ambiguous with one or two samples', async () => {
    const [a, b] = [log('a', 1e6, {}, 2), log('b', 2e6)];
    expect((await wgtuneHere(['compare', a, b])).stdout).toMatch(/too few samples +AMBIGUOUS/);
  });

  it.each([
    [['nowhere', 'nowhere'], /there is no nowhere; name a tuning log/],
    [['A', 'A', '--fail-on', 'slower'], /--fail-on "slower" must be slow, fast/],
    [['A', 'A', '--json', '--markdown'], /give one of them/],
    [['A', 'S'], /can only be timed again: a schedule has no samples; add --measure/],
    [['A', 'A', '--operator', 'softmax'], /holds no verified record of softmax/],
  ] as const)('refuses %j in one sentence', async (words, message) => {
    const a = log('a', 1e6);
    const s = join(folder, 's.json');
    writeFileSync(s, JSON.stringify({ workload: matmul, trace: { version: 1, steps: [] } }));
    const args = words.map((word) => (word === 'A' ? a : word === 'S' ? s : word));
    const { code, stderr } = await wgtuneHere(['compare', ...args]);
    expect(code).toBe(2);
    expect(stderr).toMatch(message);
    expect(stderr.trim().split('\n')).toHaveLength(1);
  });

  it('times two schedules in turn on a device: the naive one is slower than one that holds nothing but more invocations', async () => {
    const workload = makeWorkload('matmul', { shape: 'm=32,n=32,k=32' });
    const naive = naiveOf(workload).trace;
    const [a, b] = ['a.json', 'b.json'].map((name) => join(folder, name)) as [string, string];
    writeFileSync(a, JSON.stringify({ workload, trace: naive }));
    writeFileSync(b, JSON.stringify({ trace: naive }));
    // The same kernel needs no timing.
    const same = await wgtuneHere(['compare', a, b, '--measure', '--device', 'swiftshader']);
    expect(same.stderr).toContain('timing 1 pair of kernels in turn on swiftshader');
    expect(same.stdout).toMatch(/the same kernel +SAME/);
    const tiled = naive.steps.map((step) => {
      if (step.primitive !== 'split') return step;
      return { ...step, args: { ...step.args, factors: [32, 32] } };
    });
    writeFileSync(b, JSON.stringify({ trace: { ...naive, steps: tiled } }));
    // A margin that the first look settles.
    const wide = ['--margin', '900', '--json'];
    const other = await wgtuneHere(['compare', a, b, '--measure', '--device', 'swiftshader', ...wide]);
    const json = JSON.parse(other.stdout === '' ? JSON.stringify({ failed: other.stderr }) : other.stdout);
    const { samples } = json.comparisons[0].before;
    // As many rounds as the first look takes, unless the host was so slow that time was over before.
    expect(samples).toBeGreaterThanOrEqual(12);
    expect(json).toMatchObject({ comparisons: [{ how: 'in-turn', after: { samples } }] });
    expect(['FAST', 'SLOW', 'SAME', 'AMBIGUOUS']).toContain(json.comparisons[0].verdict);
  });
});
