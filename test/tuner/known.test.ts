import { describe, expect, it } from 'vitest';
import type { TuningRecord } from '../../src/records/record.ts';
import { knownObservations } from '../../src/tuner/known.ts';
import { failedRecord, makeRecord } from '../records/fixtures.ts';
import { spaceOf } from '../search/spaces.ts';

const space = spaceOf('reduce_sum', 'rows=3,cols=8');
const [sketch] = space.sketches as [(typeof space.sketches)[number]];
const decisions = Object.fromEntries(sketch.decisions.map(({ name, options }) => [name, options[0] as number]));
const record = (changes: Partial<TuningRecord> = {}): TuningRecord =>
  makeRecord({ sketch: sketch.name, decisions, medianNs: 700, ...changes });

describe('records as observations', () => {
  it('are the candidates they were made from', () => {
    expect(knownObservations(space, [record()])).toEqual([
      { candidate: { sketch: 0, values: Object.values(decisions), score: null }, timeNs: 700 },
    ]);
  });

  it('have no time where the trial failed, or its answer was wrong', () => {
    const crash = { ...failedRecord('crash', 'killed'), sketch: sketch.name, decisions };
    expect(knownObservations(space, [crash]).map(({ timeNs }) => timeNs)).toEqual([null]);
    const wrong = record({ verification: { checked: 3, wrong: 1, maxError: 1 } });
    expect(knownObservations(space, [wrong]).map(({ timeNs }) => timeNs)).toEqual([null]);
  });

  it('of one candidate are one, with the fastest time', () => {
    const crash = { ...failedRecord('crash', 'killed'), sketch: sketch.name, decisions };
    const times = (records: TuningRecord[]) => knownObservations(space, records).map(({ timeNs }) => timeNs);
    expect(times([record({ medianNs: 800 }), record({ medianNs: 600 }), record({ medianNs: 700 })])).toEqual([600]);
    expect(times([crash, record()])).toEqual([700]);
    expect(times([record(), crash])).toEqual([700]);
  });

  it('that do not fit this space are left out', () => {
    const [name] = Object.keys(decisions) as [string];
    const { [name]: _, ...fewer } = decisions;
    const strange = [
      record({ sketch: null }),
      record({ sketch: 'tiled' }),
      record({ decisions: { ...decisions, more: 1 } }),
      record({ decisions: fewer }),
      record({ decisions: { ...fewer, other: 1 } }),
      record({ decisions: { ...decisions, [name]: 3.5 } }),
      record({ decisions: { ...decisions, [name]: '1' } }),
    ];
    expect(knownObservations(space, strange)).toEqual([]);
  });
});
