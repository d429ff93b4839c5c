import { expect, it } from 'vitest';
import { listOperators } from '../../src/operators/catalog.ts';
import { caseCount, seed, timeoutFor } from './count.ts';
import { wrongAsKernels, wrongAsProgram } from './judge.ts';
import { randomCase } from './random-case.ts';

const interpreted = caseCount(300);
const lowered = caseCount(300);
const transformed = caseCount(40);

const dtypeOf = (index: number): 'f32' | 'f16' => (index % 4 === 3 ? 'f16' : 'f32');

it(
  `${interpreted} random schedules of every operator, some with an epilogue, mean what the reference says, whichever way parallel loops run`,
  () => {
    const operators = new Set<string>();
    for (let index = 0; index < interpreted; index++) {
      const made = randomCase({ seed, index, dtype: dtypeOf(index) });
      const wrong = wrongAsProgram(made, seed + index);
      if (wrong !== null) throw new Error(wrong);
      operators.add(made.workload.operator);
    }
    if (interpreted >= 300)
      expect([...operators].sort()).toEqual(
        listOperators()
          .map(({ name }) => name)
          .sort(),
      );
  },
  timeoutFor(interpreted, 100),
);

it(
  `${transformed} random schedules of Winograd's algorithm give what the reference says, as programs and as kernels executed lane by lane`,
  () => {
    for (let index = 0; index < transformed; index++) {
      const made = randomCase({ seed: seed + 2, index, isTransformed: true });
      expect(made.scheduled.trace.steps.map(({ primitive }) => primitive)).toContain('winograd');
      const wrong = index % 2 === 0 ? wrongAsProgram(made, seed + index) : wrongAsKernels(made, seed + index);
      if (wrong !== null) throw new Error(wrong);
    }
  },
  timeoutFor(transformed, 1000),
);

it(
  `${lowered} random schedules, lowered and executed lane by lane, give what the reference says`,
  () => {
    for (let index = 0; index < lowered; index++) {
      const made = randomCase({ seed: seed + 1, index, dtype: dtypeOf(index), most: 24 });
      const wrong = wrongAsKernels(made, seed + index);
      if (wrong !== null) throw new Error(wrong);
    }
  },
  timeoutFor(lowered, 200),
);
