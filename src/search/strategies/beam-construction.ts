import type { PruneReason } from '../../space/pruning.ts';
import { hopeless, type PrefixScorer } from '../scoring/prefix-scorer.ts';
import type { SearchSketch } from '../strategy.ts';
import type { CutReason, TallyKeeper } from '../tally.ts';

/** Complete assignments with their scores, best first. */
interface Constructed {
  readonly values: readonly number[];
  readonly score: number;
}

/** What a beam did with the legal prefixes of one depth; the arrays are the beam's own, for a look while it lasts. */
export interface BeamLayer {
  /** Decisions made. */
  readonly depth: number;
  /** Row after row, NaN where undecided. */
  readonly rows: Float64Array;
  /** Rows with which the beam went on, and those that it cut. */
  readonly kept: readonly number[];
  readonly cut: readonly number[];
  readonly scores: Float32Array;
}

/** A beam that dies more often than this is given up: what it has left is not worth the walking. */
const mostBackups = 6;

/**
 * Sequential construction: from the empty prefix, one decision at a time, every option of every survivor is checked by exact pruning
 * and scored, and the best few live on. All survivors have made the same number of decisions.
 * A beam without any legal child has died: it backs up by a decision and goes on, twice as wide, with the best prefixes that did not survive
 * there; the tally keeps where and why it died.
 */
export function constructCandidates(
  sketch: Pick<SearchSketch, 'name' | 'decisions' | 'createPruner'>,
  scorer: PrefixScorer,
  /** Survivors of each depth. */
  width: number,
  tally: TallyKeeper,
  /** Is shown every depth but the last, on which nothing is cut. */
  watch?: (layer: BeamLayer) => void,
): Constructed[] {
  const decisions = sketch.decisions.length;
  const pruner = sketch.createPruner();
  const prefix = new Float64Array(decisions).fill(Number.NaN);
  if (decisions === 0) {
    const reason = pruner.check(prefix);
    tally.count(reason, 0);
    return reason === null ? [{ values: [], score: 0 }] : [];
  }
  let backups = 0;

  /** Legal children of the frontier's prefixes, row after row; where there are none, the most frequent reason. */
  const expand = (frontier: Float64Array, depth: number): { rows: Float64Array; made: number; why: PruneReason } => {
    const { options: choices } = sketch.decisions[depth] as SearchSketch['decisions'][number];
    const alive = frontier.length / decisions;
    const rows = new Float64Array(alive * choices.length * decisions);
    const refusals = new Map<PruneReason, number>();
    let made = 0;
    for (let i = 0; i < alive; i++) {
      for (let d = 0; d < decisions; d++) prefix[d] = frontier[i * decisions + d] as number;
      for (const choice of choices) {
        prefix[depth] = choice;
        const reason = pruner.check(prefix, depth);
        tally.count(reason, depth + 1);
        if (reason !== null) refusals.set(reason, (refusals.get(reason) ?? 0) + 1);
        else {
          rows.set(prefix, made * decisions);
          made++;
        }
      }
    }
    return { rows, made, why: [...refusals].sort((a, b) => b[1] - a[1])[0]?.[0] ?? 'no-option' };
  };

  const rowsOf = (rows: Float64Array, picked: readonly number[]): Float64Array => {
    const out = new Float64Array(picked.length * decisions);
    for (const [at, row] of picked.entries())
      out.set(rows.subarray(row * decisions, (row + 1) * decisions), at * decisions);
    return out;
  };

  const descend = (frontier: Float64Array, depth: number): Constructed[] => {
    const { rows, made, why } = expand(frontier, depth);
    if (made === 0) {
      tally.died(depth + 1, why);
      return [];
    }
    const scores = new Float32Array(made);
    scorer.score(rows, made, depth + 1, scores);
    const order = Array.from({ length: made }, (_, i) => i).sort(
      (a, b) => (scores[b] as number) - (scores[a] as number) || a - b,
    );
    const tell = (kept: readonly number[]): void => {
      const [best, least] = [kept[0], kept.at(-1)].map((row) =>
        scoreOrNull(row === undefined ? hopeless : scores[row]),
      );
      tally.layer({
        sketch: sketch.name,
        ...{ depth: depth + 1, judged: made, kept: kept.length, best: best ?? null, least: least ?? null },
      });
    };
    if (depth + 1 === decisions) {
      tell(order);
      return order.map((row) => ({
        values: [...rows.subarray(row * decisions, (row + 1) * decisions)],
        score: scores[row] as number,
      }));
    }
    tally.judge(made);
    let living = survivors(order, scores, width);
    const chosen = new Set(living);
    let left = order.filter((row) => !chosen.has(row));
    for (let wider = width; ; ) {
      const found = descend(rowsOf(rows, living), depth + 1);
      if (found.length > 0 || left.length === 0 || backups >= mostBackups) {
        // Only now is it known that the beam does not come back to them.
        for (const row of left) tally.cut(judgementOf(scores[row] as number), depth + 1);
        const cut = new Set(left);
        const kept = order.filter((row) => !cut.has(row));
        tell(kept);
        watch?.({ depth: depth + 1, rows, kept, cut: left, scores });
        return found;
      }
      backups++;
      wider *= 2;
      living = left.slice(0, wider);
      left = left.slice(wider);
    }
  };
  return descend(prefix.slice(), 0);
}

function judgementOf(score: number): CutReason {
  return score > hopeless ? 'outscored' : 'no-completion';
}

function scoreOrNull(score = hopeless): number | null {
  return score > hopeless ? score : null;
}

/** The best rows of an order by score; those without a legal completion only where there are no others. */
function survivors(order: readonly number[], scores: Float32Array, width: number): readonly number[] {
  const hopeful = order.filter((index) => (scores[index] as number) > hopeless);
  return (hopeful.length > 0 ? hopeful : order).slice(0, width);
}
