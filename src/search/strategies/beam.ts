import { createRandom } from '../../support/random.ts';
import { type AcquisitionOptions, createAcquisition } from '../scoring/acquisition.ts';
import { priceOf } from '../scoring/per-second.ts';
import { createPrefixScorer } from '../scoring/prefix-scorer.ts';
import { createSampler } from '../space/sampling.ts';
import { createStopwatch } from '../stopwatch.ts';
import { type Candidate, candidateKey, type SearchSpace, type SearchStrategy } from '../strategy.ts';
import { type BeamLayer, constructCandidates } from './beam-construction.ts';
import { cautionOf, type LearnedOptions } from './learned.ts';

export interface BeamOptions extends LearnedOptions {
  /** Survivors of each depth, shared among the sketches. */
  readonly width?: number;
  /** Fraction of a proposal that is drawn at random from the whole space. */
  readonly epsilon?: number;
  /** Completions by which a prefix is judged. */
  readonly completions?: number;
  /** How many of them end as a good candidate does: one of the fastest measured, or of the best ends of the beam before. The others are random. */
  readonly donated?: number;
  /** Trials of a round while little is known; after each the model learns and a new beam is built. */
  readonly round?: number;
  /** Options of the acquisition that, beside the model, chooses among the beam's ends; `null` leaves the choice to the model's scores. */
  readonly acquisition?: AcquisitionOptions | null;
  /** Whether the best end of each sketch is tried once, unless the model thinks it far behind; it is by default. */
  readonly eachSketch?: boolean;
  /** Is shown what became of the prefixes of every depth of every beam, with the sketch's number: for benches. */
  readonly watch?: (sketch: number, layer: BeamLayer) => void;
}

const defaults = { width: 64, epsilon: 0.05, completions: 8, donated: 4, round: 8, eachSketch: true } as const;
/** From so many trials on rounds are longer: learning costs more then, and what one teaches changes less. */
const manyTrials = 64;
const laterRound = 16;
const leastWidth = 12;
/** A sketch whose best end is thought to take this many times as long as the best of all is not tried for its own sake. */
const farBehind = 4;
/** Good candidates of each kind by whose decisions prefixes are completed. */
const donorsOfAKind = 8;
/** The acquisition also chooses among the fastest candidates with one decision varied. */
const fastestVaried = 8;
const variations = 8;
/** Where trials take different times, the gain per second orders this many times as many ends of the beam as are wanted. */
const shortlistShare = 3;
/** Draws from the whole space of which the one with the shortest trial is taken. */
const drawsForOne = 3;
/** Each widening doubles the beam. */
const maxWidenings = 3;

/**
 * Sequential construction of schedules with early pruning. Every round the beam is built afresh with what the model knows by then; the new
 * candidates at its end are proposed best first, by the model's score and the acquisition's in turn, with a few draws from the whole space
 * among them. A beam that brings only known candidates is built again, wider.
 */
export function createBeamSearch(space: SearchSpace, options: BeamOptions): SearchStrategy {
  const { seed, model, logSeconds, watch } = options;
  const { width, epsilon, completions, donated, round, eachSketch } = { ...defaults, ...options };
  const root = createRandom(seed).fork('beam');
  const random = root.fork('choices');
  const sampler = createSampler(space, root.fork('pool'), null);
  const { history, tally } = sampler;
  let lastEnds: readonly Candidate[] = [];
  const donorsOf = (index: number): readonly (readonly number[])[] =>
    [...history.fastest(donorsOfAKind), ...lastEnds].flatMap(({ sketch, values }) =>
      sketch === index ? [values] : [],
    );
  const scorers = space.sketches.map((sketch, index) => {
    const judging = { completions, donated, donors: () => donorsOf(index) };
    return createPrefixScorer(sketch, space.columns, model, judging, random);
  });
  const stopwatch = createStopwatch();
  const acquisition =
    options.acquisition === null ? null : createAcquisition(space, root.fork('chooser'), options.acquisition);

  const constructed = (wide: number): Candidate[] => {
    const share = Math.max(leastWidth, Math.floor(wide / space.sketches.length));
    const found = space.sketches.flatMap((sketch, index) => {
      const look = watch === undefined ? undefined : (layer: BeamLayer) => watch(index, layer);
      const made = constructCandidates(sketch, scorers[index] as (typeof scorers)[number], share, tally, look);
      return made.map((one): Candidate => ({ sketch: index, ...one }));
    });
    const sorted = found.sort((a, b) => (b.score as number) - (a.score as number));
    lastEnds = sorted.slice(0, donorsOfAKind);
    return sorted.filter((candidate) => !history.has(candidate));
  };

  const isCautious = cautionOf(options, history);

  const triedSketches = new Set<number>();
  /**
   * The same ends with those of sketches that were never tried further ahead, in half of the places at most. The model's word alone must not rule
   * a sketch out: it is seldom right about what two kernels in the place of one are worth, and what is never tried is never learned.
   */
  const withEachSketch = (queue: readonly Candidate[], count: number): readonly Candidate[] => {
    const [leader] = queue;
    if (!eachSketch || leader === undefined || isCautious()) return queue;
    const least = (leader.score as number) - Math.log(farBehind) * (model.step ?? 1);
    const first = new Map<number, Candidate>();
    for (const end of queue)
      if (end.sketch !== leader.sketch && !triedSketches.has(end.sketch) && !first.has(end.sketch))
        first.set(end.sketch, end);
    const untried = [...first.values()]
      .filter(({ score }) => (score as number) >= least)
      .slice(0, Math.max(1, Math.floor(count / 2) - 1));
    const others = queue.filter((end) => end !== leader && !untried.includes(end));
    return [leader, ...untried, ...others];
  };

  /** The ends of the beam, best first, each once; where trials take different times, the first of them by their gain per second. */
  const orderedEnds = (count: number): readonly Candidate[] => {
    let best = constructed(width);
    for (let widening = 1; best.length < count && widening <= maxWidenings; widening++)
      best = constructed(width * 2 ** widening);
    const seen = new Set<string>();
    const ends = best.filter((candidate) => !seen.has(candidateKey(candidate)) && seen.add(candidateKey(candidate)));
    if (logSeconds === undefined) return ends;
    const price = priceOf(model);
    const listed = ends.slice(0, shortlistShare * count).map((candidate) => ({
      candidate,
      gain: (candidate.score as number) - price * logSeconds(candidate),
    }));
    return [
      ...listed.sort((a, b) => b.gain - a.gain).map(({ candidate }) => candidate),
      ...ends.slice(shortlistShare * count),
    ];
  };

  /** A draw from the whole space; where trials take different times, the shortest of several. */
  const drawn = (): Candidate | null => {
    const first = sampler.unseen();
    if (first === null || logSeconds === undefined) return first;
    let best = { candidate: first, seconds: logSeconds(first) };
    for (let draw = 1; draw < drawsForOne; draw++) {
      const candidate = sampler.unseen();
      if (candidate === null) break;
      const seconds = logSeconds(candidate);
      if (seconds < best.seconds) best = { candidate, seconds };
    }
    return best.candidate;
  };

  /** The ends of the beam by the model's score and by the acquisition's in turn: each is wrong in its own way. */
  const inTurn = (queue: readonly Candidate[], count: number): readonly Candidate[] => {
    if (isCautious()) return queue;
    const near = history
      .fastest(fastestVaried)
      .flatMap((candidate) =>
        Array.from({ length: variations }, () => sampler.mutated(candidate)).filter((varied) => varied !== null),
      );
    const candidates = [...queue, ...near];
    const timed = logSeconds === undefined ? {} : { logSeconds };
    const chosen = acquisition?.choose({ candidates, ...timed }, count, history.has) ?? [];
    return queue.flatMap((candidate, at) => {
      const other = chosen[at];
      return other === undefined ? [candidate] : [candidate, { ...other, score: null }];
    });
  };

  const proposeNow = (count: number): Candidate[] => {
    const proposals: Candidate[] = [];
    const queue = inTurn(withEachSketch(orderedEnds(count), count), count);
    const luck = isCautious() ? 0 : epsilon;
    for (let next = 0; proposals.length < count; ) {
      while (next < queue.length && history.has(queue[next] as Candidate)) next++;
      const lucky = luck > 0 && random.unit() < luck ? drawn() : null;
      const candidate = lucky ?? queue[next] ?? sampler.unseen();
      if (candidate === null) break;
      // A draw from the whole space says nothing of what its sketch can do.
      if (lucky === null) triedSketches.add(candidate.sketch);
      history.reserve(candidate);
      proposals.push(candidate);
    }
    return proposals;
  };

  return {
    name: 'beam',
    get round() {
      if (isCautious()) return 1;
      return history.size < manyTrials ? round : laterRound;
    },
    propose: (count) => stopwatch.proposing(() => proposeNow(count)),
    async observe(results) {
      for (const result of results) {
        // What others measured counts as a try.
        if (!history.has(result.candidate)) triedSketches.add(result.candidate.sketch);
        history.add(result);
      }
      await stopwatch.fitting(async () => {
        acquisition?.observe(results);
        // Failures alone would teach a model that all candidates are alike.
        if (history.bestNs !== null) await model.fit(history.trainingData());
      });
    },
    tally,
    get spentMs() {
      return stopwatch.spentMs;
    },
  };
}
