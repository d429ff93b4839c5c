import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chooseDevice, listDevices } from '../../src/device/devices.ts';
import type { Artifact } from '../../src/ir/artifact.ts';
import { requirementsOf } from '../../src/ir/requirements.ts';
import { listOperators } from '../../src/operators/catalog.ts';
import { makeWorkload } from '../../src/operators/parse-workload.ts';
import { artifactOf, naiveOf } from '../../src/tuner/build.ts';
import { exportBundle } from '../../src/tuner/export.ts';
import { bestKernelOf, madeForEightLanes, madePacked } from './exported.ts';
import { type LoadAnswer, type LoadResult, loadOn } from './load-on.ts';

/** Kernels that ask for the same things beyond the default are of one kind. */
function kindOf(artifact: Artifact): string {
  const { requiredLimits, subgroups } = requirementsOf(artifact);
  return JSON.stringify([Object.keys(requiredLimits), (subgroups?.minSize ?? 0) > 4]);
}

const folder = mkdtempSync(join(tmpdir(), 'wgtune-bundles-'));
const bundles = listOperators().flatMap(({ name }) =>
  madeForEightLanes(name, kindOf).map((made, index) => ({
    made,
    operator: name,
    workload: made.workload,
    folder: join(folder, `${name}-${index}`),
  })),
);
const answers = new Map<string, LoadAnswer>();
let result: LoadResult;

beforeAll(async () => {
  for (const { made, folder: own } of bundles) await exportBundle({ kernel: bestKernelOf(made), folder: own });
  const packed = { folder: join(folder, 'packed'), ...madePacked() };
  await exportBundle({ kernel: bestKernelOf(packed), folder: packed.folder });
  const wanted = [...bundles, packed].map(({ folder: own, workload }) => ({ folder: own, workload }));
  result = await loadOn(await chooseDevice('swiftshader'), wanted);
  for (const answer of result.answers) answers.set(answer.folder, answer);
});
afterAll(() => rmSync(folder, { recursive: true }));

const answersOf = (operator: string): readonly LoadAnswer[] =>
  bundles.filter((bundle) => bundle.operator === operator).map((bundle) => answers.get(bundle.folder) as LoadAnswer);

describe('bundles made for subgroups of 8 lanes and 1,024 invocations, on SwiftShader', () => {
  it.each(listOperators().map(({ name }) => name))('%s is right, or refused with the reason', (operator) => {
    const own = answersOf(operator);
    expect(own.length).toBeGreaterThan(0);
    for (const { onAdapter, onBare, onDefault, onAsked } of own)
      for (const { reason, rejected, verification } of [onBare, onDefault, onAsked]) {
        if (reason === null) {
          expect(rejected).toBeNull();
          expect(verification?.wrong).toBe(0);
          expect(verification?.checked).toBeGreaterThan(0);
          expect(onAdapter).toBeNull();
        } else {
          expect(rejected).toBe(reason);
          expect(reason).toMatch(new RegExp(`^${operator} .* cannot run here: it .*(lanes|allows|feature)`));
          expect(reason).not.toContain('\n');
        }
      }
    // A device with all that a kernel asks for refuses it only where the adapter does.
    for (const { onAdapter, onAsked } of own) expect(onAsked.reason === null).toBe(onAdapter === null);
  });

  it('kernels made for subgroups of 8 lanes refuse subgroups of 4, on which most of them would be wrong', () => {
    const sized = [...answers.values()].filter(({ onAdapter }) => onAdapter?.includes('lanes'));
    for (const { onAdapter } of sized)
      expect(onAdapter).toMatch(
        /right for subgroups of (?:at least|exactly) 8 lanes, and those of this adapter have 4/,
      );
    const ran = sized.flatMap(({ regardless }) => (regardless === null ? [] : [regardless]));
    expect(ran.length).toBeGreaterThanOrEqual(6);
    const wrong = ran.filter((verification) => verification.wrong > 0);
    expect(wrong.length).toBeGreaterThanOrEqual(ran.length / 2);
  });

  it('limits that a device lacks are named with their number, and once granted they suffice', () => {
    const limited = [...answers.values()].filter(
      ({ onAdapter, onDefault }) => onAdapter === null && onDefault.reason !== null,
    );
    for (const { onDefault } of limited) expect(onDefault.reason).toMatch(/name max\w+ in requiredLimits/);
    const wide = [...answers.values()].filter(({ onAdapter }) => onAdapter?.includes('invocations a workgroup'));
    expect(wide.length).toBeGreaterThanOrEqual(5);
  });

  it('a device without the feature is refused, with the name of the feature', () => {
    for (const { folder: own } of bundles) {
      const manifest = JSON.parse(readFileSync(join(own, 'manifest.json'), 'utf8'));
      const { onBare } = answers.get(own) as LoadAnswer;
      if (manifest.requirements.requiredFeatures.length > 0)
        expect(onBare.reason).toMatch(/needs the feature subgroups, which this device was not made with/);
    }
  });
});

describe('a loaded kernel that lays constant inputs out anew', () => {
  it('has a packed buffer and a kernel that runs once in its manifest', () => {
    const manifest = JSON.parse(readFileSync(join(folder, 'packed', 'manifest.json'), 'utf8'));
    expect(manifest.kernels.map(({ runsOnce }: { runsOnce: boolean }) => runsOnce)).toEqual([true, false]);
    expect(manifest.buffers).toContainEqual(
      expect.objectContaining({ name: 'B_packed', role: 'packed', shape: [1, 64, 64] }),
    );
    expect(manifest.packNs).toBeGreaterThan(0);
  });

  it('does so once, again where it is told, and where the inputs are in other buffers', () => {
    expect(answers.get(join(folder, 'packed'))?.onAsked).toMatchObject({ rejected: null, verification: { wrong: 0 } });
    expect(result.packed.map(({ wrong }) => wrong)).toEqual([0, 0, 0, 0]);
    for (const { checked } of result.packed) expect(checked).toBeGreaterThan(0);
  });
});

describe('a loaded kernel of several dispatches', () => {
  it("runs in an app's own pass, on parts of the app's buffers", () => {
    expect(result.inParts?.checked).toBeGreaterThan(0);
    expect(result.inParts?.wrong).toBe(0);
  });

  it('says which buffer is missing or too small', () => {
    expect(result.complaints).toEqual([
      expect.stringMatching(/^input \w+ is missing: give a GPUBuffer of at least \d+ bytes$/),
      expect.stringMatching(/^input \w+ has 4 bytes, and the kernel needs \d+$/),
    ]);
  });
});

it('bundles of f16, also with an odd number of elements, are right on lavapipe, where it is installed', async (context) => {
  const { devices } = await listDevices();
  const device = devices.find(({ description }) => description.name === 'lavapipe');
  if (device === undefined) return context.skip('lavapipe is not installed: no f16 device to load on');
  const wishes = [
    ['elementwise', 'n=1,c=1,h=1,w=7'],
    ['reduce_sum', 'rows=3,cols=65'],
  ] as const;
  const wanted = [];
  for (const [operator, shape] of wishes) {
    const workload = makeWorkload(operator, { shape, dtype: 'f16' });
    const scheduled = naiveOf(workload);
    const kernel = bestKernelOf({ workload, scheduled, artifact: artifactOf(scheduled.program, device.description) });
    await exportBundle({ kernel, folder: join(folder, `half-${operator}`) });
    wanted.push({ folder: join(folder, `half-${operator}`), workload });
  }
  const { answers: halves } = await loadOn(device, wanted);
  for (const { onBare, onAsked } of halves) {
    expect(onBare.reason).toMatch(/needs the feature shader-f16, which this device was not made with/);
    expect(onAsked).toMatchObject({ reason: null, rejected: null, verification: { wrong: 0 } });
  }
});
