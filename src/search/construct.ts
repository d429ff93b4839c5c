import type { Random } from '../support/random.ts';
import { hopeless, type Judge } from './judge.ts';
import type { SearchSketch } from './strategy.ts';
import type { TallyKeeper } from './tally.ts';

export interface ConstructOptions {
  readonly width: number;
  /** Fraction of the survivors that are drawn at random from the rest: keeps prefixes alive that the model misjudges. */
  readonly keepAlive: number;
  /** Prefixes outside are not entered: an earlier pass found nothing good behind them. */
  readonly within?: (prefix: Float64Array, depth: number) => boolean;
  /** Whether no completion of a legal prefix can beat what is known: counted as refused for its roofline. */
  readonly tooSlow?: (prefix: Float64Array) => boolean;
}

/** Complete assignments with their scores, best first. */
export interface Constructed {
  readonly values: readonly number[];
  readonly score: number;
}

/**
 * Sequential construction: from the empty prefix, one decision at a time, every option of every survivor is checked by exact pruning
 * and scored, and the best few live on (with a few random others). All survivors have made the same number of decisions.
 */
export function constructCandidates(
  sketch: Pick<SearchSketch, 'decisions' | 'createPruner'>,
  judge: Judge,
  options: ConstructOptions,
  tally: TallyKeeper,
  random: Random,
): Constructed[] {
  const decisions = sketch.decisions.length;
  const pruner = sketch.createPruner();
  const prefix = new Float64Array(decisions).fill(Number.NaN);
  if (decisions === 0) {
    const reason = pruner.check(prefix);
    tally.count(reason, 0);
    return reason === null ? [{ values: [], score: 0 }] : [];
  }
  let frontier = prefix.slice();
  let alive = 1;
  let scores = new Float32Array(0);
  for (let depth = 0; depth < decisions; depth++) {
    const { options: choices } = sketch.decisions[depth] as SearchSketch['decisions'][number];
    const children = new Float64Array(alive * choices.length * decisions);
    let made = 0;
    for (let i = 0; i < alive; i++) {
      for (let d = 0; d < decisions; d++) prefix[d] = frontier[i * decisions + d] as number;
      for (const choice of choices) {
        prefix[depth] = choice;
        const reason = pruner.check(prefix, depth) ?? (options.tooSlow?.(prefix) ? 'roofline' : null);
        tally.count(reason, depth + 1);
        if (reason === null && (options.within?.(prefix, depth + 1) ?? true)) {
          children.set(prefix, made * decisions);
          made++;
        }
      }
    }
    if (made === 0) return [];
    if (scores.length < made) scores = new Float32Array(made);
    judge.score(children, made, depth + 1, scores);
    const order = survivors(scores, made, depth + 1 < decisions ? options : { ...options, width: made }, random);
    frontier = new Float64Array(order.length * decisions);
    order.forEach((index, i) => {
      frontier.set(children.subarray(index * decisions, (index + 1) * decisions), i * decisions);
    });
    if (depth + 1 === decisions) {
      return order.map((index, i) => ({
        values: [...frontier.subarray(i * decisions, (i + 1) * decisions)],
        score: scores[index] as number,
      }));
    }
    alive = order.length;
  }
  return [];
}

/** The best by score and, for a share of the places, others at random. Best first. */
function survivors(
  scores: Float32Array,
  count: number,
  { width, keepAlive }: ConstructOptions,
  random: Random,
): number[] {
  const order = Array.from({ length: count }, (_, i) => i).sort(
    (a, b) => (scores[b] as number) - (scores[a] as number) || a - b,
  );
  const hopeful = order.filter((index) => (scores[index] as number) > hopeless);
  const pool = hopeful.length > 0 ? hopeful : order;
  if (pool.length <= width) return pool;
  const lucky = Math.floor(width * keepAlive);
  const best = pool.slice(0, width - lucky);
  return [...best, ...random.shuffled(pool.slice(width - lucky)).slice(0, lucky)];
}
