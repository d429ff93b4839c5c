import { enumerateCandidates } from '../../src/search/space/enumeration.ts';
import type { SearchSpace } from '../../src/search/strategy.ts';
import type { Sketch } from '../../src/space/sketch.ts';
import { UserError } from '../../src/support/errors.ts';

/** Sketches whose decisions keep only the options that `wishes` (`name=a,b`, matching the end of a name) leave them. */
export function keepOptions(sketches: readonly Sketch[], wishes: readonly string[]): Sketch[] {
  const kept = new Map(
    wishes.map((wish) => {
      const [name = '', values = ''] = wish.split('=');
      return [name, values.split(',').map(Number)] as const;
    }),
  );
  for (const name of kept.keys())
    if (!sketches.some(({ decisions }) => decisions.some((decision) => decision.name.endsWith(name))))
      throw new UserError(`--keep ${name}: no decision's name ends so`);
  return sketches.map((sketch) => ({
    ...sketch,
    decisions: sketch.decisions.map((decision) => {
      const wanted = [...kept].find(([name]) => decision.name.endsWith(name))?.[1];
      const options = decision.options.filter((option) => wanted?.includes(option) ?? true);
      if (options.length === 0)
        throw new UserError(`--keep leaves ${decision.name} nothing of ${decision.options.join(', ')}`);
      return { ...decision, options };
    }),
  }));
}

/** The space after the decision with the most options has lost half of them, again and again, until few enough candidates are legal. */
export function thinTo<Space extends SearchSpace>(
  points: number,
  sketches: readonly Sketch[],
  spaceOf: (sketches: readonly Sketch[]) => Space,
): Space {
  let current = sketches;
  for (;;) {
    const space = spaceOf(current);
    if (enumerateCandidates(space, points) !== null) return space;
    const most = Math.max(...current.flatMap(({ decisions }) => decisions.map(({ options }) => options.length)));
    if (most <= 2) throw new UserError(`even with two options a decision there are more than ${points} candidates`);
    let thinned = false;
    current = current.map((sketch) => ({
      ...sketch,
      decisions: sketch.decisions.map((decision) => {
        if (thinned || decision.options.length < most) return decision;
        thinned = true;
        return { ...decision, options: everyOther(decision.options) };
      }),
    }));
  }
}

/** Every other option, without the extremes where enough remain: fast candidates are seldom made of extremes. */
function everyOther(options: readonly number[]): number[] {
  if (options.length === 3) return [options[0], options[2]] as number[];
  return options.filter((_, at) => at % 2 === 1);
}
