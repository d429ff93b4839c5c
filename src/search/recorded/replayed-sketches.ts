import { recordedRowValues, withRecordedOptions } from '../../space/recorded.ts';
import type { Sketch } from '../../space/sketch.ts';
import { UserError } from '../../support/errors.ts';
import { sketchSpace } from '../space/sketch-space.ts';
import { type Candidate, candidateKey, type SearchSketch } from '../strategy.ts';
import { type KernelSpace, rowTimeNs } from './kernel-space.ts';
import { type MeasuredSpace, prefixTree, spentNs } from './replayed-space.ts';

/**
 * A recorded space of ours as a space to search: today's sketches of its workload with our features; a prefix is legal when a recorded
 * row continues it. Decisions that were added later have the value that changes nothing. Throws UserError where today's sketches lack a
 * recorded decision.
 */
export function replayKernelSpace(name: string, recorded: KernelSpace, sketches: readonly Sketch[]): MeasuredSpace {
  const ours = sketchSpace(sketches, recorded.device);
  const times = new Map<string, number | null>();
  const spent = new Map<string, number | null>();
  const candidates: Candidate[] = [];
  const used = recorded.sketches.map(({ name: wanted, decisions }, index): SearchSketch => {
    const at = sketches.findIndex((candidate) => candidate.name === wanted);
    const [sketch, searched] = [sketches[at], ours.sketches[at]];
    if (sketch === undefined || searched === undefined)
      throw new UserError(`${name}: there is no sketch ${wanted} today; record the space again`);
    const rows = recorded.rows.flatMap((row) => {
      const { s, v } = row;
      if (s !== index) return [];
      const values = recordedRowValues(sketch, decisions, v);
      if (values === null)
        throw new UserError(`${name}: its sketch ${wanted} has other decisions today; record the space again`);
      const candidate = { sketch: index, values: [...values], score: null };
      const timeNs = rowTimeNs(row);
      candidates.push(candidate);
      times.set(candidateKey(candidate), timeNs);
      spent.set(candidateKey(candidate), spentNs(timeNs, row.t));
      return [values];
    });
    const legal = prefixTree(rows);
    return {
      name: wanted,
      decisions: withRecordedOptions(sketch, decisions).decisions,
      createPruner: () => ({ check: (values) => (legal(values) ? null : 'not recorded') }),
      createExtractor: searched.createExtractor,
    };
  });
  const measured = [...times.values()].filter((time) => time !== null);
  return {
    name,
    space: { sketches: used, columns: ours.columns },
    timeOf: (candidate) => times.get(candidateKey(candidate)) ?? null,
    size: recorded.rows.length,
    candidates,
    wordOf: ({ values }, decision) => String(values[decision]),
    spentNsOf: (candidate) => spent.get(candidateKey(candidate)) ?? null,
    bestNs: measured.length === 0 ? null : measured.reduce((best, time) => Math.min(best, time)),
  };
}
