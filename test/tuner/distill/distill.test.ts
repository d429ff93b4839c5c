import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeWorkload } from '../../../src/operators/parse-workload.ts';
import { writeRuleFiles } from '../../../src/report/rule-files.ts';
import { formatRules } from '../../../src/report/rules-text.ts';
import { isRefusal } from '../../../src/support/refusal.ts';
import { kernelByRules } from '../../../src/tuner/distill/advised-kernel.ts';
import { type Distilled, distill } from '../../../src/tuner/distill/distill.ts';
import { advisedSchedules, parseRules, type RuleSchedule, type Rules } from '../../../src/tuner/distill/rules.ts';
import { makeDevice } from '../../records/fixtures.ts';
import { madeGroup, madeGroups } from './made.ts';

const device = makeDevice();
const options = { operator: 'matmul', maxSchedules: 3, maxDepth: 3, seed: 1 };
const shapes = [1, 3, 9, 31, 33, 77, 128, 500].map((m) => makeWorkload('matmul', { shape: { m, n: 24, k: 16 } }));

let made: Distilled;
let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'wgtune-rules-'));
  made = await distill(madeGroups(), options);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('rules distilled from logs', () => {
  it('choose among few schedules, and know what they lose on the shapes they come from', () => {
    const { rules } = made;
    expect(rules.schedules.length).toBeLessThanOrEqual(3);
    expect(rules.evidence.length).toBe(8);
    const losses = rules.evidence.map(({ ratio }) => ratio - 1);
    expect(rules.known.worst).toBeCloseTo(Math.max(...losses));
    expect(rules.known.mean).toBeCloseTo(losses.reduce((sum, loss) => sum + loss, 0) / 8);
    expect(rules.known.estimated).toBe(rules.evidence.filter(({ estimated }) => estimated).length);
    expect(rules.leftOut?.cases).toBe(8);
  });

  it('ask of the size that decides, where one schedule would lose', () => {
    const { rules } = made;
    const asked = rules.nodes.flatMap((node) => (node.kind === 'split' ? [rules.features[node.feature]?.of] : []));
    expect(asked).toContain('m');
    const [small, large] = [advised(rules, 1), advised(rules, 500)];
    expect(small).not.toEqual(large);
  });

  it('are the same for the same logs and seed', async () => {
    const again = await distill(madeGroups(), options);
    expect(again.rules).toEqual(made.rules);
  });

  it('name what was estimated, to be measured', () => {
    const { rules, unmeasured } = made;
    const estimates = rules.evidence.filter(({ estimated, leftOut }) => estimated || leftOut?.estimated === true);
    if (estimates.length > 0) expect(unmeasured.length).toBeGreaterThan(0);
    expect(rules.estimateError).toBeGreaterThanOrEqual(1);
  });

  it('are refused where there are too few shapes', async () => {
    await expect(distill([madeGroup(4, 16), madeGroup(8, 16)], options)).rejects.toThrow(
      /need at least 3 shapes .* and these logs have 2/,
    );
    await expect(distill(madeGroups(), { ...options, operator: 'conv2d' })).rejects.toThrow(/have 0; tune more/);
  });

  it('make kernels of shapes nobody measured', () => {
    for (const workload of shapes) {
      const { artifact, trace } = kernelByRules(made.rules, workload, device);
      expect(artifact.kernels[0]?.wgsl).toContain('@compute');
      expect(trace.steps.length).toBeGreaterThan(0);
    }
    expect(() => kernelByRules(made.rules, makeWorkload('softmax'), device)).toThrow('of matmul, not of softmax');
  });
});

describe('files of rules', () => {
  it('give back what was written, and say it in words', () => {
    const [json, text] = writeRuleFiles(join(folder, 'deep', 'matmul'), made.rules) as [string, string, string];
    expect(parseRules(readFileSync(json, 'utf8'))).toEqual(made.rules);
    expect(readFileSync(text, 'utf8')).toBe(`${formatRules(made.rules)}\n`);
    expect(formatRules(made.rules)).toMatch(/^if m < \d/m);
  });

  it('hold a module that compiles in strict mode and chooses what the JSON chooses', async () => {
    const path = writeRuleFiles(join(folder, 'module'), made.rules)[2] as string;
    const tsc = fileURLToPath(new URL('../../../node_modules/.bin/tsc', import.meta.url));
    const strict = ['--strict', '--noUnusedLocals', '--noUnusedParameters', '--noUncheckedIndexedAccess'];
    execFileSync(tsc, [...strict, '--ignoreConfig', '--target', 'es2022', '--module', 'esnext', '--types', '', path], {
      encoding: 'utf8',
    });
    const { chooseSchedules } = (await import(pathToFileURL(path.replace(/\.ts$/, '.js')).href)) as {
      chooseSchedules: (shape: Readonly<Record<string, number>>) => readonly RuleSchedule[];
    };
    for (const workload of shapes)
      expect(chooseSchedules(workload.params)).toEqual(advisedSchedules(made.rules, workload, device));
  });

  it('of strangers are refused with what is wrong, and run nothing', () => {
    const { rules } = made;
    const changed = (change: (rules: Record<string, unknown>) => void): string => {
      const copy = structuredClone(rules) as unknown as Record<string, unknown>;
      change(copy);
      return JSON.stringify(copy);
    };
    const split = { kind: 'split', feature: 0, below: 1, yes: 1, no: 2 };
    const leaf = { kind: 'leaf', order: [0], cases: 1 };
    const deep = Array.from({ length: 80 }, (_, at) =>
      at % 2 === 0 && at < 78 ? { ...split, yes: at + 1, no: at + 2 } : leaf,
    );
    const refused: readonly [string, RegExp][] = [
      ['{', /not JSON/],
      ['[]', /no rules/],
      [JSON.stringify({ ...rules, version: 9 }), /of version 9.*update wgtune/],
      [changed((copy) => Object.assign(copy, { nodes: [{ ...split, yes: 0 }, leaf, leaf] })), /is not part of a tree/],
      [changed((copy) => Object.assign(copy, { nodes: [{ ...split, no: 1 }, leaf, leaf] })), /is not part of a tree/],
      [changed((copy) => Object.assign(copy, { nodes: [split, leaf] })), /is not part of a tree/],
      [changed((copy) => Object.assign(copy, { nodes: [leaf, leaf] })), /no node leads to it/],
      [changed((copy) => Object.assign(copy, { nodes: [{ ...split, feature: 99 }, leaf, leaf] })), /names no feature/],
      [changed((copy) => Object.assign(copy, { nodes: [{ ...leaf, order: [99] }] })), /names no schedule/],
      [changed((copy) => Object.assign(copy, { nodes: deep })), /deeper than 12 questions/],
      [
        changed((copy) => Object.assign(copy, { features: [{ name: 'x', from: 'size', of: 'm);process.exit(' }] })),
        /no name/,
      ],
      [changed((copy) => Object.assign(copy, { more: 1 })), /more/],
      [JSON.stringify(rules).replace('"decisions":{', '"decisions":{"__proto__":1,'), /__proto__/],
      ['['.repeat(100_000), /not JSON/],
    ];
    for (const [text, why] of refused) {
      const parsed = parseRules(text);
      expect(isRefusal(parsed), text.slice(0, 200)).toBe(true);
      if (isRefusal(parsed)) expect(parsed.message()).toMatch(why);
    }
  });

  it('cannot leave the comment of a module', () => {
    const evidence = made.rules.evidence.map((one) => ({
      ...one,
      device: '*/ process.exit(9) /*\n',
      workload: 'a\u2028b',
    }));
    const path = writeRuleFiles(join(folder, 'hostile'), { ...made.rules, evidence })[2] as string;
    const text = readFileSync(path, 'utf8');
    expect(text.indexOf('*/')).toBe(text.indexOf(' */\n') + 1);
    expect(
      text
        .slice(0, text.indexOf('*/'))
        .split('\n')
        .every((line) => /^(\/\*| \*)/.test(line) || line.trim() === ''),
    ).toBe(true);
  });
});

function advised(rules: Rules, m: number): readonly RuleSchedule[] {
  return advisedSchedules(rules, makeWorkload('matmul', { shape: { m, n: 17, k: 16 } }), device).slice(0, 1);
}
