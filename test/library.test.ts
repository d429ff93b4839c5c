import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import {
  bestKernel,
  compute,
  defineOperator,
  dimension,
  exact,
  exactIntegers,
  expression,
  input,
  makeWorkload,
  program,
  type TuneEvent,
  tune,
} from '../src/index.ts';

const { mul, reductionAxis, sumOver } = expression;

/** The operator that the README declares. */
defineOperator({
  name: 'gram',
  summary: 'G[i,j] = sum over k of X[k,i] * X[k,j]',
  parameters: { n: dimension(64, 'columns of X'), k: dimension(256, 'rows of X') },
  build: (p, _, dtype) => {
    const X = input('X', [p.k, p.n], dtype);
    const k = reductionAxis('k', p.k);
    const G = compute('G', { i: p.n, j: p.n }, ({ i, j }) => sumOver(mul(X.at(k, i), X.at(k, j)), [k]), {
      stage: 'gram',
    });
    return program([X], [G]);
  },
  reference: (p, _, { X }) => ({
    G: (flat) => {
      let sum = 0;
      for (let k = 0; k < p.k; k++)
        sum += (X?.[k * p.n + Math.floor(flat / p.n)] ?? 0) * (X?.[k * p.n + (flat % p.n)] ?? 0);
      return sum;
    },
  }),
  inputs: (p, _, dtype) => ({ X: exactIntegers(dtype, p.k, 2) }),
  tolerance: () => exact,
});

describe('the library', () => {
  const logFolder = mkdtempSync(join(tmpdir(), 'wgtune-library-'));
  afterAll(() => rmSync(logFolder, { recursive: true, force: true }));

  it('tunes an operator of a user that reads one buffer in two different ways', { timeout: 60_000 }, async () => {
    const workload = makeWorkload('gram', { shape: 'n=24,k=20' });
    const events: TuneEvent['kind'][] = [];
    const result = await tune({
      workload,
      trials: 5,
      device: 'swiftshader',
      logFolder,
      onEvent: (event) => events.push(event.kind),
    });
    expect(result.outcomes['wrong-answer']).toBeUndefined();
    expect(result.outcomes.refused).toBeUndefined();
    expect(result.best?.timeNs).toBeGreaterThan(0);
    expect(events.filter((kind) => kind === 'trial')).toHaveLength(5);
    const kernel = await bestKernel({ workload, device: 'swiftshader', logFolder });
    expect(kernel.whose).toBe('same-device');
    expect(kernel.artifact.kernels[0]?.wgsl).toContain('@compute');
  });
});
