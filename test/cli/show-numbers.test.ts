import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { kernelFeatures } from '../../src/features/families.ts';
import { defaultLimits } from '../../src/ir/limits.ts';
import { makeWorkload } from '../../src/operators/parse-workload.ts';
import { formatFeatures } from '../../src/report/feature-table.ts';
import { formatLimits, limitUses } from '../../src/report/limit-table.ts';
import { noColours } from '../../src/report/terminal.ts';
import { sketchesOf } from '../../src/space/rules.ts';
import { instantiate } from '../../src/space/sketch.ts';
import { createRandom } from '../../src/support/random.ts';
import { isRefusal } from '../../src/support/refusal.ts';
import { artifactOf, naiveOf, programOf } from '../../src/tuner/build.ts';
import { makeDevice, makeRecord } from '../records/fixtures.ts';
import { legalCandidates } from '../space/candidates.ts';
import { wgtuneHere } from './wgtune.ts';

const folder = mkdtempSync(join(tmpdir(), 'wgtune-numbers-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const limits = { ...defaultLimits, maxComputeInvocationsPerWorkgroup: 512, maxComputeWorkgroupStorageSize: 20_000 };
const workload = makeWorkload('matmul', { shape: 'm=48,n=40,k=32' });

/** A record of a random legal candidate, in a file. */
function recordFile(name: string, changes: Parameters<typeof makeRecord>[0] = {}) {
  const [sketch] = sketchesOf(programOf(workload));
  if (sketch === undefined) throw new Error('matmul has no sketch');
  const [values] = legalCandidates(sketch, defaultLimits, 1, createRandom(5));
  if (values === undefined) throw new Error('no legal candidate');
  const made = instantiate(sketch, values);
  if (isRefusal(made)) throw new Error('not built');
  const decisions = Object.fromEntries(sketch.decisions.map((decision, i) => [decision.name, values[i] as number]));
  const device = makeDevice({ limits });
  const file = join(folder, name);
  const record = makeRecord({ workload, device, sketch: sketch.name, decisions, trace: made.trace, ...changes });
  writeFileSync(file, JSON.stringify(record));
  return { file, artifact: artifactOf(made.program, { limits }) };
}

const show = (...args: string[]) => wgtuneHere(['show', 'matmul', ...args]);

describe('show --as features', () => {
  it('has every feature of every kernel with its unit, and the values are those of the kernel', async () => {
    const { file, artifact } = recordFile('record.json');
    const { code, stdout } = await show('--schedule', file, '--as', 'features', '--json');
    expect(code).toBe(0);
    const { kernels, whole } = JSON.parse(stdout) as {
      whole: { name: string; value: number }[];
      kernels: {
        rule: string;
        features: { family: string; name: string; unit: string; doc: string; value: number }[];
      }[];
    };
    expect(whole.map(({ value }) => value)).toEqual([artifact.kernels.length, 1]);
    const [kernel] = kernels;
    expect(kernel?.features.map(({ name, unit }) => [name, unit])).toEqual(
      kernelFeatures.map(({ name, unit }) => [name, unit]),
    );
    for (const { family, doc } of kernel?.features ?? [])
      expect([family, doc].every((text) => text.length > 3)).toBe(true);
    const size = artifact.kernels[0]?.workgroupSize.reduce((product, n) => product * n, 1) ?? Number.NaN;
    const invocations = kernel?.features.find(({ name }) => name === 'log2(1+invocations)');
    expect(2 ** (invocations?.value ?? 0) - 1).toBeCloseTo(size, 3);

    const text = (await show('--schedule', file, '--as', 'features')).stdout;
    expect(text).toMatch(/^kernels +1 {2}count$/m);
    expect(text).toMatch(/^FEATURE +KERNEL 1 \(tiled\) +UNIT$/m);
    expect(text).toMatch(/^ {2}log2 flops per storage byte +-?[\d.]+ +log2\(flop\/byte\)$/m);
  });

  it('says why a schedule has none', async () => {
    const naive = await show('--naive', '--as', 'features');
    expect(naive.stderr).toMatch(/^error: features are computed from a sketch and its decisions, which the naive/);
    expect(naive.code).toBe(2);
    const { file } = recordFile('older.json', { decisions: { tile: 3 } });
    expect((await show('--schedule', file, '--as', 'features')).stderr).toMatch(
      /^error: the record has decisions of another version of wgtune; tune again/,
    );
  });

  it('keeps kernels and families apart, and shows which features have no number', () => {
    const feature = (family: string, value: number) => ({ family, name: 'idle', unit: 'fraction', doc: '', value });
    const kernel = (rule: string, value: number) => ({
      rule,
      features: [feature('schedule', value), feature('memory', 2)],
    });
    const text = formatFeatures(
      { whole: [], kernels: [kernel('rows', 0.123456), kernel('flat', Number.NaN)] },
      noColours,
    );
    expect(text.trim().split('\n')).toEqual([
      'FEATURE          KERNEL 1 (rows)  KERNEL 2 (flat)  UNIT',
      'of the schedule',
      '  idle                    0.1235                -  fraction',
      'of the memory',
      '  idle                         2                2  fraction',
    ]);
  });
});

describe('show --as limits', () => {
  it('shows what each kernel takes of the limits of the device in the record', async () => {
    const { file, artifact } = recordFile('record.json');
    const { code, stdout } = await show('--schedule', file, '--as', 'limits', '--json');
    expect(code).toBe(0);
    const { uses } = JSON.parse(stdout) as { uses: { what: string; used: number; limit: number }[] };
    const use = (what: string) => uses.find((candidate) => candidate.what === what);
    const kernel = artifact.kernels[0];
    expect(use('workgroup memory, bytes')).toMatchObject({ used: kernel?.workgroupBytes, limit: 20_000 });
    expect(use('invocations a workgroup')).toMatchObject({ limit: 512 });
    expect(use('workgroups in y')).toMatchObject({ used: kernel?.dispatch[1], limit: 65_535 });
    expect(use('storage buffers')).toMatchObject({ used: 3, limit: 8 });
    expect(use('largest storage buffer, bytes')).toMatchObject({ used: 48 * 40 * 4, limit: 134_217_728 });
  });

  it('is a table, for kernels of the naive schedule against what every device grants', async () => {
    const { stdout } = await wgtuneHere(['show', 'softmax', '-s', 'rows=64,cols=8', '--naive', '--as', 'limits']);
    expect(stdout).toMatch(
      /^KERNEL +WHAT +USED +LIMIT +SHARE\nfind_row_max +invocations a workgroup +64 +256 +25\.0%$/m,
    );
    expect(stdout).toMatch(/^normalise +invocations a workgroup/m);
    expect(stdout).toMatch(/^ +workgroup memory, bytes +0 +16,384 +0\.0%$/m);
  });

  it('counts f16 as two bytes', () => {
    const halves = makeWorkload('softmax', { shape: 'rows=16,cols=8', dtype: 'f16' });
    const uses = limitUses(artifactOf(naiveOf(halves).program, { limits: defaultLimits }), defaultLimits);
    const last = uses.filter(({ kernel, what }) => kernel === 'find_row_max' && what.startsWith('largest'));
    expect(last.map(({ used }) => used)).toEqual([16 * 8 * 2]);
    expect(formatLimits(last, noColours)).toMatch(/256 +134,217,728 +<0\.1%$/);
  });
});
