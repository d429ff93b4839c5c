import { f16round } from '@petamoriken/float16';
import type { KType } from '../../src/ir/kernel.ts';

/** Which lane is executing, and how many barriers it has passed. */
export interface Clock {
  phase: number;
  lane: number;
}

/** An array as generated code sees it. */
export interface Memory {
  get(index: number): number;
  getVector(index: number): number[];
  set(index: number, at: number | null, value: number | readonly number[]): void;
}

/**
 * An array that lanes share, which makes visible all that may go wrong. An index outside is an error, and so is an element that one lane writes
 * and another reads, or writes differently, with no barrier in between. An element read before it was written is NaN. `synchronised` says
 * whether barriers order accesses (workgroup memory) or nothing does (storage).
 */
export function sharedMemory(
  name: string,
  element: KType,
  length: number,
  data: Float64Array,
  clock: Clock,
  options: { readonly synchronised: boolean; readonly written: boolean },
): Memory {
  const { width } = element;
  const round = element.scalar === 'f32' ? Math.fround : element.scalar === 'f16' ? f16round : (value: number) => value;
  const size = length * width;
  const written = new Uint8Array(size).fill(options.written ? 1 : 0);
  const writePhase = new Int32Array(size).fill(-1);
  const writer = new Int32Array(size).fill(-1);
  const readPhase = new Int32Array(size).fill(-1);
  const reader = new Int32Array(size).fill(-1);
  const phase = (): number => (options.synchronised ? clock.phase : 0);

  const check = (index: number): void => {
    if (!(index >= 0 && index < length)) throw new Error(`${name}[${index}] is outside its ${length} elements`);
  };
  const read = (cell: number): number => {
    // Not an error by itself, since a select may drop the value. Where it is used, NaN shows in the result.
    if (written[cell] === 0) return Number.NaN;
    if (writePhase[cell] === phase() && writer[cell] !== clock.lane)
      throw new Error(
        `${name}: lane ${clock.lane} reads component ${cell}, which lane ${writer[cell]} writes, with no barrier between`,
      );
    if (readPhase[cell] !== phase()) {
      readPhase[cell] = phase();
      reader[cell] = clock.lane;
    } else if (reader[cell] !== clock.lane) reader[cell] = -2;
    return data[cell] as number;
  };
  const write = (cell: number, value: number): void => {
    if (readPhase[cell] === phase() && reader[cell] !== clock.lane)
      throw new Error(
        `${name}: lane ${clock.lane} overwrites component ${cell}, which another lane reads, with no barrier between`,
      );
    if (writePhase[cell] === phase() && writer[cell] !== clock.lane && !Object.is(data[cell], round(value)))
      throw new Error(`${name}: lanes ${writer[cell]} and ${clock.lane} write different values to component ${cell}`);
    written[cell] = 1;
    writePhase[cell] = phase();
    writer[cell] = clock.lane;
    data[cell] = round(value);
  };
  return {
    get: (index) => {
      check(index);
      return read(index);
    },
    getVector: (index) => {
      check(index);
      return Array.from({ length: width }, (_, i) => read(index * width + i));
    },
    set: (index, at, value) => {
      check(index);
      if (at !== null) write(index * width + at, value as number);
      else if (typeof value === 'number') write(index, value);
      else for (let i = 0; i < width; i++) write(index * width + i, value[i] as number);
    },
  };
}

/** A lane's own array: zero at first. */
export function privateMemory(name: string, element: KType, length: number): Memory {
  const clock: Clock = { phase: 0, lane: 0 };
  return sharedMemory(name, element, length, new Float64Array(length * element.width), clock, {
    synchronised: false,
    written: true,
  });
}
