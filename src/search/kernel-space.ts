import type { KernelSpace } from '../records/recorded/kernel-space.ts';
import { median } from '../records/recorded/recorded-space.ts';
import type { Sketch } from '../space/sketch.ts';
import { UserError } from '../support/errors.ts';
import { prefixTree, type ReplayedSpace } from './recorded-space.ts';
import { sketchSpace } from './sketch-space.ts';
import { candidateKey, type SearchSketch } from './strategy.ts';

/**
 * A recorded space of ours as a space to search: today's sketches of its workload with our features, a prefix being legal when a recorded
 * row continues it. Throws UserError where today's sketches have other decisions than those recorded.
 */
export function replayKernelSpace(name: string, recorded: KernelSpace, sketches: readonly Sketch[]): ReplayedSpace {
  const ours = sketchSpace(sketches, recorded.device);
  const used = recorded.sketches.map(({ name: wanted, decisions }, index): SearchSketch => {
    const sketch = ours.sketches.find((candidate) => candidate.name === wanted);
    const names = decisions.map((decision) => decision.name).join();
    if (sketch === undefined || sketch.decisions.map((decision) => decision.name).join() !== names)
      throw new UserError(`${name}: its sketch ${wanted} has other decisions today; record the space again`);
    const legal = prefixTree(recorded.rows.filter(({ s }) => s === index).map(({ v }) => v));
    return {
      name: wanted,
      decisions: sketch.decisions.map((decision, at) => ({ ...decision, options: decisions[at]?.options ?? [] })),
      createPruner: () => ({ check: (values) => (legal(values) ? null : 'not recorded') }),
      createExtractor: sketch.createExtractor,
    };
  });
  const times = new Map(
    recorded.rows.map(({ s, v, t, o }) => [
      candidateKey({ sketch: s, values: v }),
      o === undefined && t.length > 0 ? median(t) : null,
    ]),
  );
  const measured = [...times.values()].filter((time) => time !== null);
  return {
    name,
    space: { sketches: used, columns: ours.columns },
    timeOf: (candidate) => times.get(candidateKey(candidate)) ?? null,
    size: recorded.rows.length,
    bestNs: measured.length === 0 ? null : measured.reduce((best, time) => Math.min(best, time)),
  };
}
