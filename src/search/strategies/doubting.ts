import { createHistory } from '../history.ts';
import type { Candidate, Observation, SearchSpace, SearchStrategy } from '../strategy.ts';
import { joinTallies } from '../tally.ts';

interface DoubtingOptions {
  readonly name: string;
  /** A search that believes what was measured elsewhere. */
  readonly believer: SearchStrategy;
  /** A search that knows the same trials, and nothing of elsewhere. */
  readonly doubter: SearchStrategy;
}

/** Trials for which the sources alone decide: if they are right, these are enough. */
const believed = 8;
/** After so many trials without a new best the sources have said what they know, and decide one trial in four instead of two. */
const patience = 16;

/** Trials until which both learn after every few, whatever they would wish: what the sources say is to be corrected soon. */
const early = 24;
const earlyRound = 4;

/** Whether the sources decide a trial, by the number of trials before it and the number after which the best was found. */
function isBelieved(trial: number, bestAt: number): boolean {
  // Two trials in a row, because the two processes of an acquisition take turns.
  return trial < believed || trial % (trial - bestAt > patience ? 8 : 4) < 2;
}

/**
 * Two searches in turn, so that what was learned elsewhere can cost no more than the trials it is given: the first eight, then every other pair,
 * and one pair of four once nothing better was found for long. Both learn from all trials.
 */
export function createDoubtingSearch(space: SearchSpace, options: DoubtingOptions): SearchStrategy {
  const { name, believer, doubter } = options;
  const history = createHistory(space);
  let bestNs = Number.POSITIVE_INFINITY;
  let bestAt = 0;

  const proposeNow = (count: number): Candidate[] => {
    const proposals: Candidate[] = [];
    const take = (searcher: SearchStrategy, wanted: number): void => {
      for (let taken = 0; taken < wanted; ) {
        const found = searcher.propose(wanted - taken);
        if (found.length === 0) return;
        for (const candidate of found) {
          // The other one may have been first to propose it.
          if (history.has(candidate)) continue;
          history.reserve(candidate);
          proposals.push(candidate);
          taken++;
        }
      }
    };
    const trials = Array.from({ length: count }, (_, at) => history.size + at);
    const ofSources = trials.filter((trial) => isBelieved(trial, bestAt)).length;
    take(believer, ofSources);
    take(doubter, count - proposals.length);
    take(believer, count - proposals.length);
    return proposals;
  };

  return {
    name,
    get round() {
      const wished = Math.min(believer.round, doubter.round);
      return history.size < early ? Math.min(wished, earlyRound) : wished;
    },
    propose: proposeNow,
    async observe(results: readonly Observation[]) {
      for (const result of results) {
        history.add(result);
        if (result.timeNs !== null && result.timeNs < bestNs) [bestNs, bestAt] = [result.timeNs, history.size];
      }
      await believer.observe(results);
      await doubter.observe(results);
    },
    tally: joinTallies(believer.tally, doubter.tally),
    get spentMs() {
      const [a, b] = [believer.spentMs, doubter.spentMs];
      return { propose: a.propose + b.propose, fit: a.fit + b.fit };
    },
  };
}
