/** How many neighbours a guess is the mean of, and how often a trial goes where nobody guessed. */
const [neighbours, exploreEvery] = [3, 4];

/** The next candidate's position, or nothing when all are measured. */
export function neighbourSearch(task, measured) {
  const seen = new Set(measured.map(({ at }) => at));
  const open = task.candidates.map((_, at) => at).filter((at) => !seen.has(at));
  if (open.length === 0) return null;
  if (measured.length % exploreEvery === 0) return open[task.random.below(open.length)];
  // Failures are known too: a candidate near one is no good.
  const slowest = Math.max(1, ...measured.map(({ timeNs }) => timeNs ?? 0));
  const known = measured.map(({ at, timeNs }) => ({ at, cost: Math.log(timeNs ?? 10 * slowest) }));
  let best = { at: open[0], guess: Number.POSITIVE_INFINITY };
  for (const at of open) {
    const guess = guessed(task, at, known);
    if (guess < best.guess) best = { at, guess };
  }
  return best.at;
}

function guessed(task, at, known) {
  const near = known
    .map(({ at: other, cost }) => ({ cost, apart: distance(task, at, other) }))
    .sort((a, b) => a.apart - b.apart)
    .slice(0, neighbours);
  return near.reduce((sum, { cost }) => sum + cost, 0) / near.length;
}

/** Features span many powers of ten, so that their logarithms are what is near or far. */
function distance({ features, columns }, one, other) {
  let sum = 0;
  for (let column = 0; column < columns; column++) {
    const [a, b] = [features[one * columns + column], features[other * columns + column]];
    sum += (Math.log1p(Math.abs(a)) - Math.log1p(Math.abs(b))) ** 2;
  }
  return sum;
}
