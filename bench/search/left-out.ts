import { realpathSync } from 'node:fs';
import { dirname } from 'node:path';
import { createFittedModel } from '../../src/cost-model/fitted-model.ts';
import { spaceFiles } from '../../src/search/recorded/space-files.ts';
import { createRandomSearch } from '../../src/search/strategies/random.ts';
import { loadSpace } from './spaces.ts';

/** Candidates of each space that costs are fitted to: a few hundred determine eighteen costs. */
const most = 400;

/** Costs of the analytic model, fitted to all recorded spaces beside this one in its folder. */
export async function costsWithout(path: string): Promise<Float64Array> {
  const own = realpathSync(path);
  const spaces = await Promise.all(
    spaceFiles(dirname(path))
      .filter((file) => realpathSync(file) !== own)
      .map(loadSpace),
  );
  const columns = spaces[0]?.space.columns ?? 0;
  const [rows, labels, groups]: [number[], number[], number[]] = [[], [], []];
  for (const [group, { space, timeOf, bestNs }] of spaces.entries()) {
    const row = new Float32Array(columns);
    const extractors = space.sketches.map((sketch) => sketch.createExtractor());
    for (const candidate of createRandomSearch(space, 1).propose(most)) {
      const timeNs = timeOf(candidate);
      if (timeNs === null || bestNs === null) continue;
      extractors[candidate.sketch]?.extract(Float64Array.from(candidate.values), row, 0);
      rows.push(...row);
      labels.push(bestNs / timeNs);
      groups.push(group);
    }
  }
  const model = createFittedModel('cpu');
  await model.fit({
    rows: Float32Array.from(rows),
    count: labels.length,
    columns,
    labels: Float32Array.from(labels),
    groups: Uint32Array.from(groups),
  });
  return model.costs;
}
