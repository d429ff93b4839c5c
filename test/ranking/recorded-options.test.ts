import { expect, it } from 'vitest';
import { idleFeatures } from '../../bench/ranking/constant-features.ts';
import { ofSpace } from '../../bench/ranking/measured.ts';
import { candidateAsRecorded, sketchesAsRecorded } from '../../bench/search/recorded-options.ts';
import { readKernelSpace } from '../../src/search/recorded/kernel-space.ts';
import { sketchSpace } from '../../src/search/space/sketch-space.ts';
import { candidateKey } from '../../src/search/strategy.ts';
import { sketchesOf } from '../../src/space/rules.ts';
import { programOf } from '../../src/tuner/build.ts';

const recorded = await readKernelSpace('tuning-logs/spaces/skinny.space.json.gz');
const space = sketchSpace(sketchesAsRecorded(recorded, sketchesOf(programOf(recorded.workload))), recorded.device);

it('makes every candidate of a recorded space again, each once, and none of one whose options no longer exist', () => {
  const candidates = recorded.rows.flatMap((row) => candidateAsRecorded(recorded, row, space) ?? []);
  expect(candidates).toHaveLength(recorded.rows.length);
  expect(new Set(candidates.map(candidateKey)).size).toBe(candidates.length);
  const [row] = recorded.rows;
  expect(candidateAsRecorded(recorded, { s: 0, v: (row?.v ?? []).map(() => 12_345) }, space)).toBeNull();
  const foreign = { sketches: [{ name: 'no such sketch', decisions: [] }] };
  expect(candidateAsRecorded(foreign, { s: 0, v: [] }, space)).toBeNull();
});

it('names the features that tell nothing about the measured times', () => {
  const measured = ofSpace(recorded);
  const [first] = measured.candidates;
  const lone = { space: measured.space, candidates: first === undefined ? [] : [first] };
  expect(idleFeatures([lone]).constant).toContain('log2(1+vector)');
  const { constant, fixed } = idleFeatures([measured]);
  expect([...constant, ...fixed]).not.toContain('log2(1+vector)');
  expect(constant).toContain('log2(1+storageWriteBytes)');
});
