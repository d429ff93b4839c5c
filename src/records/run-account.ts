import { z } from 'zod';

const maxName = 200;
/** Decisions that a sketch may have. */
const maxDecisions = 1000;

export const name = z.string().min(1).max(maxName);
export const count = z.int().nonnegative();
export const milliseconds = z.number().nonnegative();

const countsByDepth = z.record(name, z.array(count).max(maxDecisions));
/**
 * What early pruning did since the round before: prefixes looked at, those that exact pruning refused, legal ones that a beam judged, and those of
 * them that it cut. Counts are by reason, one for each number of decisions made, from 0.
 */
export const roundPruningSchema = z.strictObject({
  looked: count,
  refused: countsByDepth,
  judged: count,
  cut: countsByDepth,
  /** Beams that had no legal child left: how many decisions those would have made, and the most frequent refusal. */
  deaths: z.array(z.strictObject({ depth: count, reason: name, count })).exactOptional(),
});

const score = z.number().nullable();

/**
 * The beams of a round in one sketch, one number for each number of decisions made, from 1: legal prefixes judged, those with which the beam went
 * on, and the best and the least score among the latter, null where no legal completion was found. Scores compare within the round only.
 */
export const beamSchema = z.strictObject({
  sketch: name,
  judged: z.array(count).max(maxDecisions),
  kept: z.array(count).max(maxDecisions),
  best: z.array(score).max(maxDecisions),
  least: z.array(score).max(maxDecisions),
});

/** How a run was started, and the space that it searched. `command`: the words of the command line, where there was one. */
export const launchSchema = z.strictObject({
  command: z.array(z.string().max(10_000)).max(1000).exactOptional(),
  trials: count,
  timeLimitMs: milliseconds.nullable(),
  patience: count.nullable(),
  search: name,
  /** `size`: complete assignments before pruning. */
  sketches: z.array(z.strictObject({ name, decisions: count, size: z.number().nonnegative() })),
});
