import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';

/** Seeded random numbers: the same seed gives the same sequence on every machine. */
export interface Random {
  /** Uniform integer in [0, bound). */
  below(bound: number): number;
  /** Uniform number in [0, 1). */
  unit(): number;
  /** One element of a non-empty list. */
  pick<T>(items: readonly T[]): T;
  /** A shuffled copy (Fisher-Yates). */
  shuffled<T>(items: readonly T[]): T[];
  /** An independent stream, named so that adding one user of randomness does not disturb the others. */
  fork(name: string): Random;
}

export function createRandom(seed: number): Random {
  const generator = xoroshiro128plus(seed | 0);
  const below = (bound: number): number => uniformInt(generator, 0, bound - 1);
  const shuffled = <T>(items: readonly T[]): T[] => {
    const copy = [...items];
    for (let last = copy.length - 1; last > 0; last--) {
      const other = below(last + 1);
      const held = copy[last] as T;
      copy[last] = copy[other] as T;
      copy[other] = held;
    }
    return copy;
  };
  return {
    below,
    unit: () => below(0x40000000) / 0x40000000,
    pick: (items) => items[below(items.length)] as (typeof items)[number],
    shuffled,
    fork: (name) => {
      let hash = 0x811c9dc5 ^ seed;
      for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193);
      return createRandom(hash);
    },
  };
}
