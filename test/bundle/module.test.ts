import { fork } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { KernelVariant, selectVariant } from '../../bundle/variants.mjs';
import { chooseDevice, deviceEnvironment } from '../../src/device/devices.ts';
import { defaultLimits } from '../../src/ir/limits.ts';
import { requirementsOf } from '../../src/ir/requirements.ts';
import { makeWorkload } from '../../src/operators/parse-workload.ts';
import type { Workload } from '../../src/operators/workload.ts';
import { shippedLogName } from '../../src/records/shipped.ts';
import type { Scheduled } from '../../src/space/sketch.ts';
import { naiveOf } from '../../src/tuner/build.ts';
import { exportModule } from '../../src/tuner/export-module.ts';
import { type ModuleVariant, moduleVariants } from '../../src/tuner/module-variants.ts';
import { makeDevice, makeRecord } from '../records/fixtures.ts';
import { eightLanes, madeForEightLanes, madePacked } from './exported.ts';
import type { ModuleAnswer, ModuleRequest } from './module-child.ts';

const folder = mkdtempSync(join(tmpdir(), 'wgtune-modules-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A log with a verified record of each. */
function logOf(name: string, records: readonly (Scheduled & { workload: Workload; device: object; ns: number })[]) {
  const path = join(folder, `${name}.jsonl`);
  const lines = records.map(({ workload, trace, device, ns }, at) =>
    JSON.stringify(
      makeRecord({
        id: `${name}.${at}`,
        run: name,
        trial: at,
        workload,
        trace,
        device: makeDevice(device),
        samplesNs: [ns, ns, ns],
        medianNs: ns,
      }),
    ),
  );
  writeFileSync(path, `${lines.join('\n')}\n`);
  return path;
}

/** A kernel of softmax on subgroups of 8 lanes and wide workgroups, and the naive one. */
const wide = madeForEightLanes('softmax', (artifact) => JSON.stringify(requirementsOf(artifact))).find(
  ({ artifact }) => {
    const { requiredLimits, subgroups } = requirementsOf(artifact);
    return subgroups?.minSize === 8 && Object.keys(requiredLimits).length > 0;
  },
) as ReturnType<typeof madePacked>;
const { workload } = wide;
const nvidia = { name: 'nvidia-h200', vendor: 'nvidia', architecture: 'hopper', type: 'gpu' as const };
const eight = { ...eightLanes, name: 'lavapipe', vendor: 'mesa', architecture: 'llvmpipe' };

describe('the variants of a module', () => {
  it('are the best of every device in several logs, and one that every device can run', async () => {
    const one = logOf('one', [
      { ...wide.scheduled, workload, device: eight, ns: 900 },
      { ...naiveOf(workload), workload, device: eight, ns: 9000 },
    ]);
    const other = logOf('other', [{ ...naiveOf(workload), workload, device: nvidia, ns: 500 }]);
    const { variants } = await moduleVariants(workload, [one, other], null);
    expect(variants.map(({ name, isFallback, tunedOn }) => [name, isFallback, tunedOn.map((on) => on.timeNs)])).toEqual(
      [
        ['lavapipe', false, [900]],
        ['lavapipe-portable', true, [9000, 500]],
      ],
    );
    const alone = logOf('alone', [{ ...wide.scheduled, workload, device: eight, ns: 900 }]);
    const { variants: few } = await moduleVariants(workload, [alone], null);
    expect(few.map(({ name, isFallback }) => [name, isFallback])).toEqual([
      ['lavapipe', false],
      ['naive', true],
    ]);
  });

  it('are those of shipped logs for devices of which the own logs have none, and their portable kernel before the naive one', async () => {
    const own = logOf('own', [{ ...wide.scheduled, workload, device: eight, ns: 900 }]);
    const shipped = join(folder, 'shipped');
    mkdirSync(shipped, { recursive: true });
    const records = logOf('foreign', [
      { ...naiveOf(workload), workload, device: nvidia, ns: 500 },
      { ...wide.scheduled, workload, device: eight, ns: 1 },
    ]);
    writeFileSync(join(shipped, shippedLogName('all', workload)), gzipSync(readFileSync(records)));
    const { variants } = await moduleVariants(workload, [own], shipped);
    expect(
      variants.map(({ name, isFallback, tunedOn }) => [name, isFallback, tunedOn.map((on) => on.shipped)]),
    ).toEqual([
      ['lavapipe', false, [false]],
      ['nvidia-h200', true, [true]],
    ]);
    const none = await moduleVariants(workload, [join(folder, 'nowhere')], shipped);
    expect(none.variants.flatMap(({ tunedOn }) => tunedOn.map(({ timeNs }) => timeNs)).sort()).toEqual([1, 500]);
  });

  it('are none where no record is of the workload, which is said with what to do', async () => {
    const log = logOf('none', [{ ...wide.scheduled, workload, device: eight, ns: 900 }]);
    await expect(moduleVariants(makeWorkload('softmax', { shape: 'rows=3,cols=5' }), [log], null)).rejects.toThrow(
      /^no record of softmax .* makes a kernel; tune it first$/,
    );
  });
});

const variantOf = ({ scheduled, artifact }: ReturnType<typeof madePacked>, changes: Partial<ModuleVariant> = {}) => ({
  name: 'best',
  artifact,
  trace: scheduled.trace,
  tunedOn: [
    {
      name: 'swiftshader',
      vendor: 'google',
      architecture: 'swiftshader',
      timeNs: 1,
      packNs: null,
      record: 'r',
      shipped: false,
    },
  ],
  isFallback: true,
  ...changes,
});

describe('an exported module', () => {
  const packed = madePacked();
  const several = madeForEightLanes('softmax', ({ kernels }) => String(kernels.length)).find(
    ({ artifact }) => artifact.kernels.length > 1 && requirementsOf(artifact).subgroups === null,
  ) as ReturnType<typeof madePacked>;
  let answers: readonly ModuleAnswer[];

  beforeAll(async () => {
    const modules: ModuleRequest['modules'][number][] = [];
    for (const [name, made, more] of [
      ['packed', packed, []],
      ['several', several, [variantOf(wide, { name: 'wide', isFallback: false, tunedOn: [] })]],
    ] as const) {
      const own = join(folder, name);
      await exportModule({ workload: made.workload, variants: [...more, variantOf(made)], folder: own, name });
      writeFileSync(join(own, 'package.json'), '{ "type": "module" }');
      modules.push({ folder: own, file: `${name}.js` });
    }
    const device = await chooseDevice('swiftshader');
    const child = fork(new URL('./module-child.ts', import.meta.url), {
      env: deviceEnvironment(device),
      execArgv: ['--import', 'tsx', '--expose-gc', '--max-semi-space-size=64'],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    answers = await new Promise((resolve, reject) => {
      child.once('message', (message) => resolve(message as readonly ModuleAnswer[]));
      child.once('close', (code) => reject(new Error(`the loading process ended with ${code}`)));
      child.send({ driver: device.driver, modules } satisfies ModuleRequest);
    });
  });

  it("computes in an app's pass, on parts of the app's buffers, what test.json says", () => {
    for (const { ran } of answers)
      for (const { checked, wrong, first } of Object.values(ran)) {
        expect(first).toBeNull();
        expect(wrong).toBe(0);
        expect(checked).toBeGreaterThan(100);
      }
    expect(answers.map(({ ran }) => Object.keys(ran))).toEqual([['best'], ['best']]);
  });

  it('allocates nothing in encode, frees nothing of the app, and refuses a part that begins where none may', () => {
    for (const { heap, survives, misplaced } of answers) {
      expect(heap.collections).toBe(0);
      expect(heap.bytes).toBeLessThan(4);
      expect(survives).toBe(true);
      expect(misplaced).toMatch(/^input \w+ begins at byte 4, which is no multiple of \d+$/);
    }
  });

  it('asks for no feature that its variant for the adapter does not need', () => {
    for (const { chosen, requires } of answers) {
      expect(chosen).toBe('best');
      expect(requires.requiredFeatures).toEqual([]);
    }
  });

  it('of a product, or of a schedule of several kernels, is at most 9 KB without WGSL, with subgroups 12 KB; a variant adds 1 KB at most', async () => {
    const own = join(folder, 'sizes');
    const other = { name: 'other', isFallback: false };
    await exportModule({ workload, variants: [variantOf(several)], folder: own, name: 'several' });
    const sizeOf = (at: string, name: string): number => {
      const text = readFileSync(join(folder, at, `${name}.js`), 'utf8');
      const sources = /^const sources = (\{[\s\S]*?\n\});$/m.exec(text)?.[1] as string;
      expect(Object.keys(JSON.parse(sources)).length).toBeGreaterThan(1);
      return Buffer.byteLength(text) - Buffer.byteLength(sources);
    };
    expect(sizeOf('packed', 'packed')).toBeLessThanOrEqual(9 * 1024);
    const alone = sizeOf('sizes', 'several');
    expect(alone).toBeLessThanOrEqual(9 * 1024);
    await exportModule({
      workload,
      variants: [variantOf(several), variantOf(several, other)],
      folder: own,
      name: 'twice',
    });
    expect(sizeOf('sizes', 'twice') - alone).toBeLessThanOrEqual(1024);
    // One of its two variants exchanges values among lanes, so that it can tell what that needs of a device.
    expect(sizeOf('several', 'several')).toBeLessThanOrEqual(12 * 1024);
  });

  it('chooses by vendor, architecture, features and limits, and else its fallback', async () => {
    const own = join(folder, 'chosen');
    const here = (vendor: string, architecture: string) => [
      { name: vendor, vendor, architecture, timeNs: 1, packNs: null, record: 'r', shipped: false },
    ];
    const variants = [
      variantOf(several, { name: 'plain' }),
      variantOf(wide, { name: 'wide', isFallback: false, tunedOn: here('mesa', 'llvmpipe') }),
      variantOf(several, { name: 'ampere', isFallback: false, tunedOn: here('nvidia', 'ampere') }),
    ];
    await exportModule({ workload, variants: [...variants], folder: own });
    writeFileSync(join(own, 'package.json'), '{ "type": "module" }');
    const { select } = (await import(pathToFileURL(join(own, 'softmax.js')).href)) as {
      select: (target: unknown, info?: object) => ReturnType<typeof selectVariant>;
    };
    const adapter = (vendor: string, architecture: string, changes: object = {}) => ({
      features: new Set(['subgroups']),
      limits: eightLanes.limits,
      info: { vendor, architecture, subgroupMinSize: 8, subgroupMaxSize: 8 },
      ...changes,
    });
    expect(select(adapter('mesa', 'llvmpipe')).name).toBe('wide');
    expect(select(adapter('mesa', 'llvmpipe', { features: new Set() })).name).toBe('plain');
    expect(select(adapter('mesa', 'llvmpipe', { limits: defaultLimits })).name).toBe('plain');
    expect(select(adapter('nvidia', 'ampere')).name).toBe('ampere');
    expect(select(adapter('nvidia', 'hopper')).name).toBe('ampere');
    expect(select(adapter('apple', 'metal-3')).name).toBe('plain');
    const { info: _, ...silent } = adapter('', '');
    expect(select(silent).name).toBe('plain');
    expect(select(silent, { vendor: 'nvidia', architecture: 'ampere' }).name).toBe('ampere');
    const fallback = [variantOf(wide, { name: 'wide' })];
    await exportModule({ workload, variants: fallback, folder: own, name: 'demanding' });
    const demanding = (await import(pathToFileURL(join(own, 'demanding.js')).href)) as { select: typeof select };
    expect(demanding.select(adapter('', '')).name).toBe('wide');
    expect(() => demanding.select(adapter('', '', { limits: defaultLimits }))).toThrow(
      /^softmax .* cannot run here: it needs \d+ invocations/,
    );
  });
});

it('a module with a name that is no file name is refused', async () => {
  const variants = [variantOf(wide) as KernelVariant & ModuleVariant];
  await expect(exportModule({ workload, variants, folder, name: '../x', force: true })).rejects.toThrow(
    '"../x" is no name of a module: use letters, digits, _ and -',
  );
});
