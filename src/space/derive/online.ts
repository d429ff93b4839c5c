import {
  above,
  ceilQuotient,
  choose,
  type Formula,
  max,
  min,
  product,
  quotient,
  remainder,
  sum,
} from '../../arithmetic/formula.ts';
import { pointOperations } from '../emitted.ts';
import { bytesOf, type StageInfo } from '../stage.ts';
import { lastNest, type Meeting, type Tiling } from '../tiling.ts';
import type { Conflict, MeetingNumbers } from './findings.ts';
import { mostWrittenRounds, repeats, rowVector, wholeUnits } from './traffic.ts';

type Online = Meeting & { readonly kind: 'online' };

/** Barriers of a part: after the scores, the maxima, the weights, and what joins a part to the others. */
const barriersOfPart = 4;

const lengthOfPart = ({ roles }: Online): number => roles.partial.reduction[0]?.extent as number;
/** Parts of a workgroup, and of a whole row. */
const partsOf = ({ roles }: Online): number => roles.joined.reduction[0]?.extent ?? 1;
const partsOfRow = ({ roles }: Online): number => roles.partial.block.iters[0]?.extent as number;
const deepOf = ({ roles }: Online): number => roles.scores?.reduction[0]?.extent ?? 1;

/** Elements of a row that an invocation takes at once where all share a tile of rows. */
const sharedWidth = (length: number): number => (length % rowVector === 0 ? rowVector : length % 2 === 0 ? 2 : 1);

/** Rounds in which a workgroup makes the weights of its rows. */
function roundsOf(meeting: Online): Formula {
  const { rows, heldRows, across } = meeting;
  const length = lengthOfPart(meeting);
  return ceilQuotient(product(rows, heldRows, length), product(across, rows, sharedWidth(length)));
}

/**
 * Rows, and elements of each, of what weights are made of: invocations that have no weight to make in the last round would read beyond the
 * last row or, where there is a single one, beyond its end.
 */
function readBy(meeting: Online): { readonly rows: Formula; readonly terms: Formula } {
  const { rows, heldRows, across } = meeting;
  const [length, parts] = [lengthOfPart(meeting), partsOfRow(meeting)];
  const kept = product(rows, heldRows);
  const reached = product(roundsOf(meeting), across, rows, sharedWidth(length));
  const isSingle = above(2, kept);
  const extent = meeting.roles.scores?.block.iters[meeting.roles.row.terms]?.extent ?? length;
  return {
    rows: choose(isSingle, 1, max(kept, ceilQuotient(reached, length))),
    terms: choose(isSingle, parts > 1 ? min(reached, extent) : reached, length),
  };
}

/** Parts of a weighed sum: operands and sums in registers, weights and scores in workgroup memory. */
export function onlineNumbers(meeting: Online, { workgroups }: { readonly workgroups: Formula }): MeetingNumbers {
  const { roles, rows, heldRows, across, heldColumns, heldTerms, together, heldDeep } = meeting;
  const [length, parts, deep] = [lengthOfPart(meeting), partsOf(meeting), deepOf(meeting)];
  const kept = product(rows, heldRows);
  const read = readBy(meeting);
  const outputs = product(heldRows, heldColumns);
  const cells = (stage: StageInfo | null, of: Formula, count: Formula): Formula =>
    stage === null ? 0 : wholeUnits(product(of, count, bytesOf(stage.write.buffer)));
  const tiles = sum(cells(roles.scores, read.rows, read.terms), cells(roles.weights, kept, length));
  const bytes = sum(tiles, cells(roles.maxima, read.rows, 1), cells(roles.sums, kept, 1));
  const weighing = sum(outputs, product(together, sum(heldRows, heldColumns)));
  const scoring =
    roles.scores === null ? 0 : sum(product(heldRows, heldTerms), product(heldDeep, sum(heldRows, heldTerms)));
  const turns = ceilQuotient(heldRows, across);
  return {
    registers: sum(product(3, outputs), max(weighing, scoring)),
    barriers: product(barriersOfPart, parts),
    iterations: product(
      parts,
      sum(1, repeats(ceilQuotient(length, together)), product(2, turns, Math.ceil(length / rowVector))),
      ...[sum(1, roles.scores === null ? 0 : quotient(ceilQuotient(deep, heldDeep), length))],
    ),
    idle: choose(above(across, heldRows), quotient(sum(across, product(-1, heldRows)), across), 0),
    reused: tiles,
    shared: {
      bytes,
      // Each weight is read by all invocations across, by the row's sum, and with the scores once more for maxima.
      read: product(workgroups, parts, kept, length, 4, sum(across, 3)),
      written: product(workgroups, parts, bytes),
    },
  };
}

/** Text of the phases of a part, all that is held written out. */
export function onlineLength(tiling: Tiling, meeting: Online): Formula {
  const { roles, heldRows, heldColumns, heldTerms, together, heldDeep } = meeting;
  const length = lengthOfPart(meeting);
  const outputs = product(heldRows, heldColumns);
  const final = lastNest(tiling).stage;
  const element = pointOperations(roles.weights) + 3;
  const rounds = roundsOf(meeting);
  const written = choose(above(rounds, mostWrittenRounds), 1, rounds);
  const scoring =
    roles.scores === null
      ? 0
      : sum(
          product(heldDeep, heldRows, heldTerms, pointOperations(roles.scores)),
          product(heldDeep, sum(heldRows, heldTerms), 1.5),
          product(2, heldRows, heldTerms),
        );
  return sum(
    scoring,
    product(together, outputs, pointOperations(roles.partial)),
    product(together, sum(heldRows, heldColumns), 1.5),
    product(rowVector, pointOperations(roles.maxima) + pointOperations(roles.sums) + 4),
    product(written, sharedWidth(length), element),
    product(outputs, pointOperations(roles.joined) + 4),
    roles.sharers > 1 ? product(outputs, 6) : product(outputs, pointOperations(final) + 3),
    60,
  );
}

/** Sizes that do not go together. */
export function onlineConflicts(tiling: Tiling, meeting: Online): Conflict[] {
  const { across, heldColumns, together, heldDeep } = meeting;
  return [
    { reason: 'vector-does-not-divide', holds: above(remainder(heldColumns, tiling.vector), 0) },
    { reason: 'step-not-divided', holds: above(remainder(lengthOfPart(meeting), together), 0) },
    { reason: 'step-not-divided', holds: above(remainder(deepOf(meeting), heldDeep), 0) },
    { reason: 'idle-invocations', holds: above(across, lengthOfPart(meeting)) },
  ];
}
