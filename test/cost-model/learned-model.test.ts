import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createAnalyticModel } from '../../src/cost-model/analytic-model.ts';
import { readLearnedModel, writeLearnedModel } from '../../src/cost-model/learned-model.ts';
import { createXgboostModel } from '../../src/cost-model/xgboost-model.ts';
import { featureCount, rowLength } from '../../src/features/extractor.ts';
import { UserError } from '../../src/support/errors.ts';
import { sample, trainers } from './fixtures.ts';

const folder = mkdtempSync(join(tmpdir(), 'wgtune-learned-'));
const path = join(folder, 'model.json');
afterAll(() => rmSync(folder, { recursive: true, force: true }));

// biome-ignore lint/suspicious/noExplicitAny: the file is bent in every place.
type Bent = any;

describe.each(trainers)('a model that was learned by $name', (trainer) => {
  const data = sample(300, rowLength, 1);
  // The terms of cost must be positive, as those of kernels are.
  for (let row = 0; row < data.count; row++)
    data.rows.fill(1 + (row % 7), row * rowLength + featureCount, (row + 1) * rowLength);
  const base = new Float32Array(data.count);
  createAnalyticModel('cpu').score(data.rows, data.count, rowLength, base);
  const model = createXgboostModel(trainer, { seed: 1, rounds: 6, members: 2 });

  beforeAll(async () => {
    await model.fit({ ...data, base });
    await writeLearnedModel(path, {
      tool: '0.1.0',
      learnedAt: '2026-11-30T12:00:00.000Z',
      learnedFrom: { records: 300, devices: 1, workloads: 1, onDevices: [], ofWorkloads: [] },
      costs: { cpu: null, gpu: createAnalyticModel('gpu').costs },
      ensemble: model.ensemble,
    });
  });

  it('scores from its file as it did when it was learned', async () => {
    const expected = new Float32Array(data.count);
    model.score(data.rows, data.count, rowLength, expected, base);
    const found = new Float32Array(data.count);
    (await readLearnedModel(path)).modelFor('cpu').score(data.rows, data.count, rowLength, found);
    expect([...found]).toEqual([...expected]);
    expect(new Set(found).size).toBeGreaterThan(20);
  });

  const refusalOf = async (change: (file: Bent) => unknown): Promise<string> => {
    const bent = join(folder, 'bent.json');
    const file: Bent = JSON.parse(readFileSync(path, 'utf8'));
    const changed = change(file);
    writeFileSync(bent, typeof changed === 'string' ? changed : JSON.stringify(file));
    const error = await readLearnedModel(bent).then(
      () => null,
      (error: unknown) => error,
    );
    expect(error).toBeInstanceOf(UserError);
    const { message } = error as UserError;
    expect(message).toContain(bent);
    expect(message).toContain('wgtune learn');
    expect(message).not.toContain('\n');
    return message;
  };
  const treeOf = (file: Bent): Bent => file.boosters[0].learner.gradient_booster.model.trees[0];

  it.each<readonly [string, (file: Bent) => unknown, RegExp]>([
    ['is no JSON', () => '{"format":', /it is no JSON/],
    ['is of something else', () => '[1, 2]', /no model that can be used/],
    [
      'is of a later version',
      (file) => {
        file.version = 2;
      },
      /version/,
    ],
    [
      'has a field that nobody knows',
      (file) => {
        file.run = 'rm -rf';
      },
      /run/,
    ],
    [
      'looks at other features',
      (file) => {
        file.features[3] = 'colour';
      },
      /"colour" is not what this wgtune makes/,
    ],
    [
      'looks at fewer features',
      (file) => {
        file.features.pop();
      },
      /looks at \d+ features/,
    ],
    [
      'has no booster',
      (file) => {
        file.boosters = [];
      },
      /boosters/,
    ],
    [
      'has more boosters than are read',
      (file) => {
        file.boosters = Array(17).fill(file.boosters[0]);
      },
      /boosters/,
    ],
    [
      'has a list that only says how long it is',
      (file) => {
        treeOf(file).left_children = { length: 1e9 };
      },
      /left_children/,
    ],
    [
      'has lists of different lengths',
      (file) => {
        treeOf(file).split_conditions.pop();
      },
      /different lengths/,
    ],
    [
      'has a number that is none',
      (file) => {
        treeOf(file).split_conditions[0] = 'x';
      },
      /split_conditions/,
    ],
    [
      'has a number beyond all bounds',
      (file) => JSON.stringify(file).replace(/"scale":[-\d.e]+/, '"scale":1e999'),
      /scale/,
    ],
    [
      'has a tree that goes round',
      (file) => {
        treeOf(file).left_children[0] = 0;
      },
      /not a tree|no node/,
    ],
    [
      'splits on a feature that there is not',
      (file) => {
        treeOf(file).split_indices[0] = 1e6;
      },
      /splits on feature/,
    ],
    [
      'has a cost below zero',
      (file) => {
        file.costs.gpu.arithmetic = -1;
      },
      /costs/,
    ],
  ])('is refused where its file %s', async (_, change, why) => {
    expect(await refusalOf(change)).toMatch(why);
  });

  it('is refused where a tree is a list of a thousand levels', async () => {
    const message = await refusalOf((file) => {
      const nodes = 2001;
      const inner = (node: number): boolean => node % 2 === 0 && node + 2 < nodes;
      const list = <T>(make: (node: number) => T): T[] => Array.from({ length: nodes }, (_, node) => make(node));
      Object.assign(treeOf(file), {
        left_children: list((node) => (inner(node) ? node + 1 : -1)),
        right_children: list((node) => (inner(node) ? node + 2 : -1)),
        split_indices: list(() => 0),
        split_conditions: list(() => 0),
        default_left: list(() => 0),
        categories: [],
      });
    });
    expect(message).toMatch(/levels deep/);
  });

  it('is not read where its file is larger than any model, or is none', async () => {
    const large = join(folder, 'large.json');
    writeFileSync(large, '');
    truncateSync(large, 2 ** 31);
    await expect(readLearnedModel(large)).rejects.toThrow(/large\.json .*it has 2147483648 bytes/);
    await expect(readLearnedModel(folder)).rejects.toThrow(/it is no file/);
    await expect(readLearnedModel(join(folder, 'nowhere.json'))).rejects.toThrow(/there is no model .*nowhere\.json/);
  });
});
