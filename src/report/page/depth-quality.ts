import { createPrefixScorer } from '../../search/scoring/prefix-scorer.ts';
import type { SketchSpace } from '../../search/space/sketch-space.ts';
import type { Random } from '../../support/random.ts';
import type { HeldOut } from './held-out.ts';
import { pairsInOrder, recallOf } from './ranking.ts';
import type { DepthQuality } from './report-data.ts';

/** As the beam judges a prefix. */
const completions = 8;
const recalled = 8;
/** Held-out trials of a sketch that are judged at every depth. */
const mostJudged = 128;

/**
 * How well prefixes of held-out trials are judged by their number of decisions: by the best score of some random completions, against the best
 * time measured among the trials that begin with the prefix. Prefixes that several trials share are one.
 */
export function depthQuality(space: SketchSpace, held: readonly HeldOut[], random: Random): readonly DepthQuality[] {
  return space.sketches.flatMap((sketch, index) => {
    const width = sketch.decisions.length;
    return Array.from({ length: width }, (_, at): DepthQuality | null => {
      const depth = at + 1;
      let [right, pairs, recalls, weighed, trials] = [0, 0, 0, 0, 0];
      for (const { model, observations } of held) {
        const own = observations.filter(({ candidate }) => candidate.sketch === index).slice(0, mostJudged);
        const bests = new Map<string, { readonly values: readonly number[]; timeNs: number }>();
        for (const { candidate, timeNs } of own) {
          const values = candidate.values.slice(0, depth);
          const known = bests.get(values.join());
          if (known === undefined) bests.set(values.join(), { values, timeNs });
          else known.timeNs = Math.min(known.timeNs, timeNs);
        }
        const prefixes = new Float64Array(bests.size * width).fill(Number.NaN);
        const labels: number[] = [];
        for (const { values, timeNs } of bests.values()) {
          prefixes.set(values, labels.length * width);
          labels.push(1 / timeNs);
        }
        if (labels.length < 2) continue;
        const scores = new Float32Array(labels.length);
        createPrefixScorer(sketch, space.columns, model, { completions }, random).score(
          prefixes,
          labels.length,
          depth,
          scores,
        );
        const order = pairsInOrder(scores, labels);
        const recall = recallOf(recalled, scores, labels);
        right += (order.fraction ?? 0) * order.pairs;
        pairs += order.pairs;
        trials += own.length;
        if (recall !== null) {
          recalls += recall * labels.length;
          weighed += labels.length;
        }
      }
      if (trials === 0) return null;
      return {
        ...{ sketch: sketch.name, depth, decisions: width, pairs, trials },
        pairwise: pairs === 0 ? null : right / pairs,
        recall: weighed === 0 ? null : recalls / weighed,
      };
    }).filter((quality) => quality !== null);
  });
}
