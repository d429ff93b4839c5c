import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeWorkload } from '../../src/operators/parse-workload.ts';
import { exportModule } from '../../src/tuner/export-module.ts';
import { moduleVariants } from '../../src/tuner/module-variants.ts';
import { tune } from '../../src/tuner/tune.ts';
import { noBrowser } from '../browser/browser.ts';
import { resultOfPage, runProgram } from '../browser/open-page.ts';
import { builtMain, wgtune } from '../cli/wgtune.ts';

const examples = fileURLToPath(new URL('../../examples/', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'wgtune-examples-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const logs = join(folder, 'logs');
const matmul = join(folder, 'matmul');
let logPath: string;

beforeAll(async () => {
  const workload = makeWorkload('matmul', { shape: 'm=16,n=16,k=16' });
  const tuned = {
    workload,
    device: 'swiftshader',
    trials: 2,
    model: 'analytic',
    logFolder: logs,
    quietWait: 0,
  } as const;
  logPath = (await tune(tuned)).logPath as string;
  const { variants } = await moduleVariants(workload, [logs]);
  await exportModule({ workload, variants, folder: matmul });
});

describe('the examples', () => {
  it.skipIf(noBrowser !== null)('run a kernel in a page, on its own device and buffers', async () => {
    expect(await resultOfPage(join(examples, 'page'), { matmul })).toMatch(/: 256 of 256 elements are right$/);
  });

  /** Packages of an example that has its own, in its folder or where WGTUNE_PEERS says. */
  const modulesWith = (example: string, name: string): string | undefined =>
    [join(examples, example, 'node_modules'), ...(process.env.WGTUNE_PEERS ?? '').split(':')]
      .filter((place) => place !== '')
      .find((place) => existsSync(join(place, name)));

  for (const [example, name, says] of [
    ['tensorflow', '@tensorflow/tfjs-backend-webgpu', /: 256 of 256 elements equal those of tf.matMul$/],
    ['typegpu', 'typegpu', /: 256 of 256 elements are right$/],
    ['onnxruntime-web', 'onnxruntime-web', /: 256 of 256 elements are right$/],
  ] as const)
    it(`run a kernel beside the packages of ${example}, where these are installed`, async (context) => {
      const modules = modulesWith(example, name);
      if (noBrowser !== null || modules === undefined)
        return context.skip(
          noBrowser ?? `${name} is not installed in examples/${example}; WGTUNE_PEERS may name a folder`,
        );
      expect(await resultOfPage(join(examples, example), { matmul, node_modules: modules })).toMatch(says);
    });

  it('tune an operator of their own', async () => {
    const { code, stdout, stderr } = await wgtune([
      ...['tune', join(examples, 'own-operator', 'pairwise.mjs'), '-s', 'points=8,dims=4', '--device', 'swiftshader'],
      ...['--trials', '1', '--model', 'analytic', '--log', join(folder, 'own')],
    ]);
    expect(stderr).not.toMatch(/error/);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^pairwise points=8 dims=4 f32 on swiftshader/);
  });

  it("begin with what another device's log knows", async () => {
    const script = join(examples, 'device-to-device', 'start-from.mjs');
    const own = join(folder, 'elsewhere');
    const workload = makeWorkload('matmul', { shape: 'm=16,n=16,k=16' });
    // A log of a device that is told apart by its threads.
    const { writeElsewhere } = await import('./elsewhere.ts');
    const log = writeElsewhere(logPath, own);
    expect(workload.params.m).toBe(16);
    const args = [script, log, '-s', 'm=16,n=16,k=16', '--trials', '2', '--device', 'swiftshader'];
    const { code, stdout, stderr } = await runProgram(process.execPath, args);
    expect(stderr).toBe('');
    expect(code).toBe(0);
    expect(stdout).toMatch(/schedules? of elsewhere measured first\nbest with the log [\d.]+ us, without [\d.]+ us/);
  });

  it('compare a search of their own on a recorded space', async () => {
    const { code, stdout } = await wgtune([
      ...[
        'transfer',
        '--spaces',
        'tuning-logs/samples',
        '--target',
        'matmul-64',
        '--sources',
        'matmul-96',
        '--tiers',
        'cold',
      ],
      ...[
        '--method',
        join(examples, 'own-search', 'neighbours.mjs'),
        '--trials',
        '6',
        '--seeds',
        '1',
        '--workers',
        '1',
      ],
    ]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/neighbours/);
  });

  it.skipIf(noBrowser !== null)('hold a gate, which opens for what is right and for nothing else', async () => {
    const gate = join(examples, 'ci-gate', 'gate.sh');
    const env = { WGTUNE: `${process.execPath} ${builtMain}` };
    const right = await runProgram('bash', [gate, logs], env);
    expect(right.stdout).toBe('right: matmul -s m=16,n=16,k=16\n');
    expect(right.code).toBe(0);
    const nothing = await runProgram('bash', [gate, join(folder, 'nothing')], env);
    expect(nothing.stdout).toBe('wrong: matmul -s m=16,n=16,k=16\n');
    expect(nothing.code).toBe(1);
  });
});
