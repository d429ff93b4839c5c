import type { PacedSample } from './estimate.ts';
import { defaultMargin, type TimeRatio } from './ratio.ts';
import { median, quantile } from './statistics.ts';

/** One race of two kernels: the samples of each, round by round, and which of them had the first place. */
export interface InTurn {
  readonly a: readonly PacedSample[];
  readonly b: readonly PacedSample[];
  readonly first: 'a' | 'b';
}

/** What races tell: the ratio with its interval, null where they are too few, and both times in the rounds that count. */
interface Told {
  readonly ratio: TimeRatio | null;
  readonly aNs: number | null;
  readonly bNs: number | null;
}

/**
 * Rounds of one race, and after how many races the interval is looked at. Races are short and many, because what belongs to one of them (where its
 * buffers lie) shows only between races; each further look doubles what the one before had.
 */
export const racesInTurn = { rounds: 16, looks: [12, 24, 48, 96] } as const;
/** Share of the rounds that count: those in which the references were slowed least. */
const countedShare = 0.5;
const fewestRaces = 3;
const fewestRounds = 8;
/** The interval's edge in standard deviations: 95% for all looks together, by Bonferroni's inequality the 99.375th percentile at each of four. */
const toEdge = 2.498;

/**
 * Holds races, whose kernels change places from one to the next, until the interval of the ratio lies inside of the margin or outside of it, or time
 * is over, or the last look was taken. `hold` times both in one race. The end depends on the interval alone at few looks that its width allows for:
 * a race that ends as soon as it seems decided would favour what its samples happened to show.
 */
export async function tellInTurn(
  hold: (first: 'a' | 'b') => Promise<InTurn>,
  isOver: () => boolean,
  margin = defaultMargin,
): Promise<Told & { readonly races: readonly InTurn[] }> {
  const races: InTurn[] = [];
  for (const look of racesInTurn.looks) {
    while (races.length < look && !isOver()) races.push(await hold(races.length % 2 === 0 ? 'a' : 'b'));
    const told = ratioInTurn(races);
    if (isOver() || look === racesInTurn.looks.at(-1) || isTold(told.ratio, margin)) return { ...told, races };
  }
  return { ...ratioInTurn(races), races };
}

function isTold(ratio: TimeRatio | null, margin: number): boolean {
  if (ratio === null) return false;
  const [least, most] = [1 / (1 + margin), 1 + margin];
  return (ratio.low >= least && ratio.high <= most) || ratio.low > most || ratio.high < least;
}

/**
 * The time of b over that of a: the median of the rounds' ratios, in that half of the rounds in which the machine was less disturbed. A round's samples are
 * taken in the same moments, so what disturbs one disturbs the other, and to divide each by the references' slowdown would only add their noise. Which rounds
 * count is not judged by the kernels' own times: that would favour the one that scatters more. Medians of races in either place are averaged, so that what belongs to a place cancels. Interval: order statistics about the
 * median, as far out as its share of rounds below varies from race to race (Woodruff 1952, with races for clusters).
 */
export function ratioInTurn(races: readonly InTurn[]): Told {
  const groups = (['a', 'b'] as const).map((place) => counted(races.filter(({ first }) => first === place)));
  const timeOf = (which: 'a' | 'b'): number | null =>
    median(groups.flatMap((own) => own.flatMap((race) => race.map((round) => round[which]))));
  const told = { aNs: timeOf('a'), bNs: timeOf('b') };
  const [one, other] = groups.map(medianOf);
  if (one == null || other == null) return { ...told, ratio: null };
  const middle = (one.middle + other.middle) / 2;
  return {
    ...told,
    ratio: {
      ratio: Math.exp(middle),
      low: Math.exp(middle - Math.hypot(one.below, other.below) / 2),
      high: Math.exp(middle + Math.hypot(one.above, other.above) / 2),
    },
  };
}

interface Round {
  readonly a: number;
  readonly b: number;
  readonly slowdown: number;
}

/** Of each race the rounds that count; races without any are left out. */
function counted(races: readonly InTurn[]): readonly (readonly Round[])[] {
  const all = races.map(({ a, b }) =>
    a.slice(0, b.length).map((one, round): Round => {
      const other = b[round] as PacedSample;
      return { a: one.ns, b: other.ns, slowdown: one.slowdown * other.slowdown };
    }),
  );
  const slowdowns = all.flatMap((own) => own.map(({ slowdown }) => slowdown));
  const most = quantile(slowdowns, countedShare) ?? 0;
  return all.map((own) => own.filter(({ slowdown }) => slowdown <= most)).filter(({ length }) => length > 0);
}

/** The median of logarithms of ratios and how far its interval reaches on either side; null where there are too few. */
function medianOf(
  races: readonly (readonly Round[])[],
): { readonly middle: number; readonly below: number; readonly above: number } | null {
  const logs = races.map((own) => own.map(({ a, b }) => Math.log(b / a)));
  const all = logs.flat();
  if (races.length < fewestRaces || all.length < fewestRounds) return null;
  const middle = median(all) as number;
  // How many more of a race's rounds than half lie below the median. Where races are alike this varies as coins do, and never less.
  const excesses = logs.map((own) => own.reduce((sum, log) => sum + Math.sign(middle - log) / 2, 0));
  const clusters = (races.length / (races.length - 1)) * excesses.reduce((sum, excess) => sum + excess ** 2, 0);
  const spread = Math.sqrt(Math.max(clusters, all.length / 4)) / all.length;
  const reach = studentEdge(races.length - 1) * spread;
  const at = (share: number): number => quantile(all, Math.min(1, Math.max(0, share))) as number;
  return { middle, below: middle - at(0.5 - reach), above: at(0.5 + reach) - middle };
}

/** The edge of Student's distribution for so many degrees of freedom, by the expansion in their reciprocal (Abramowitz and Stegun 26.7.5). */
function studentEdge(freedom: number): number {
  const z = toEdge;
  return z + (z ** 3 + z) / (4 * freedom) + (5 * z ** 5 + 16 * z ** 3 + 3 * z) / (96 * freedom ** 2);
}
