import { type Candidate, candidateKey, type SearchSpace, type SearchStrategy } from '../strategy.ts';
import { createGuidedSearch, type Guide, type GuidedOptions, ranked } from './model-guided.ts';

/** AutoTVM's settings (tuner/sa_model_optimizer.py): chains, steps, temperatures, steps without news before it stops. */
const chains = 128;
const steps = 500;
const hottest = 1;
const patience = 50;

/**
 * Simulated annealing on the model's score, as AutoTVM does: many chains, each step changes one decision of a chain and is accepted when
 * better or with the chance exp(difference / temperature); the best candidates that any chain met are measured. Chains live on
 * from round to round.
 */
export function createAnnealingSearch(space: SearchSpace, options: GuidedOptions): SearchStrategy {
  let points: Candidate[] = [];
  const choose = (guide: Guide, count: number): Candidate[] => {
    const { sampler, random, scorer } = guide;
    while (points.length < chains) {
      const start = sampler.any();
      if (start === null) break;
      points.push(start);
    }
    const met = new Map<string, { readonly candidate: Candidate; readonly score: number }>();
    let worstKept = Number.NEGATIVE_INFINITY;
    let scores = scorer.scores(points);
    /** Remembers candidates not measured yet; true where one of them belongs among the best met so far. */
    const meet = (candidates: readonly Candidate[], found: Float32Array): boolean => {
      let news = false;
      for (const [at, candidate] of candidates.entries()) {
        const score = found[at] as number;
        if (score <= worstKept || sampler.history.has(candidate)) continue;
        const key = candidateKey(candidate);
        if (met.has(key)) continue;
        met.set(key, { candidate, score });
        news = true;
      }
      if (met.size > 4 * count) {
        const best = [...met.entries()].sort((a, b) => b[1].score - a[1].score).slice(0, 2 * count);
        met.clear();
        for (const [key, entry] of best) met.set(key, entry);
        worstKept = best.at(-1)?.[1].score ?? worstKept;
      }
      return news;
    };
    meet(points, scores);
    for (let step = 0, lastNews = 0; step < steps && step - lastNews < patience; step++) {
      const temperature = hottest * (1 - step / steps);
      const moved = points.map((point) => sampler.mutated(point) ?? point);
      const movedScores = scorer.scores(moved);
      if (meet(moved, movedScores)) lastNews = step;
      const before = scores;
      const accepted = moved.map(
        (_, at) =>
          (movedScores[at] as number) > (before[at] as number) ||
          random.unit() <
            Math.exp(((movedScores[at] as number) - (before[at] as number)) / Math.max(temperature, 1e-5)),
      );
      points = points.map((point, at) => (accepted[at] ? (moved[at] as Candidate) : point));
      scores = before.map((score, at) => (accepted[at] ? (movedScores[at] as number) : score));
    }
    return ranked(
      guide,
      [...met.values()].map(({ candidate }) => candidate),
    );
  };
  return createGuidedSearch('annealing', space, options, choose);
}
