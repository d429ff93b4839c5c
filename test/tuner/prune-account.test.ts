import { describe, expect, it } from 'vitest';
import { createTally } from '../../src/search/tally.ts';
import { createRoundAccount, prunedOf } from '../../src/tuner/prune-account.ts';

describe('the account of early pruning', () => {
  it('gives each round what was refused and cut since the one before, and nothing where nothing was looked at', () => {
    const tally = createTally();
    const spentMs = { propose: 0, fit: 0 };
    const account = createRoundAccount({ tally, spentMs });
    expect(account()).toEqual({ spentMs: { propose: 0, fit: 0 } });
    for (const depth of [1, 2, 2]) tally.count('code-size', depth);
    tally.count(null, 3);
    tally.judge(4);
    tally.cut('outscored', 3);
    expect(account().pruned).toEqual({
      looked: 4,
      refused: { 'code-size': [0, 1, 2] },
      judged: 4,
      cut: { outscored: [0, 0, 0, 1] },
    });
    expect(account().pruned).toBeUndefined();
    tally.count('registers', 4);
    tally.count('code-size', 1);
    tally.judge(2);
    tally.cut('no-completion', 1);
    expect(account().pruned).toEqual({
      looked: 2,
      refused: { 'code-size': [0, 1, 0], registers: [0, 0, 0, 0, 1] },
      judged: 2,
      cut: { 'no-completion': [0, 1] },
    });
    expect(prunedOf({ tally })).toEqual({
      looked: 6,
      reasons: [
        { reason: 'code-size', count: 4, depths: [0, 2, 2] },
        { reason: 'registers', count: 1, depths: [0, 0, 0, 0, 1] },
      ],
      judged: 6,
      cut: [
        { reason: 'outscored', count: 1, depths: [0, 0, 0, 1] },
        { reason: 'no-completion', count: 1, depths: [0, 1] },
      ],
      deaths: [],
    });
  });

  it('gives each round the time it took, its dead beams, and what the beams did in each sketch, several beams added up', () => {
    const tally = createTally();
    let spentMs = { propose: 5, fit: 2 };
    const account = createRoundAccount({
      tally,
      get spentMs() {
        return spentMs;
      },
    });
    tally.layer({ sketch: 'tiled', depth: 2, judged: 8, kept: 4, best: 3, least: null });
    tally.layer({ sketch: 'tiled', depth: 1, judged: 4, kept: 2, best: 2, least: 1 });
    tally.layer({ sketch: 'rows', depth: 1, judged: 1, kept: 1, best: null, least: null });
    tally.layer({ sketch: 'tiled', depth: 1, judged: 4, kept: 3, best: 4, least: -1 });
    tally.count('code-size', 2);
    tally.died(2, 'code-size');
    expect(account()).toEqual({
      pruned: {
        ...{ looked: 1, refused: { 'code-size': [0, 0, 1] }, judged: 0, cut: {} },
        deaths: [{ depth: 2, reason: 'code-size', count: 1 }],
      },
      beams: [
        { sketch: 'tiled', judged: [8, 8], kept: [5, 4], best: [4, 3], least: [-1, null] },
        { sketch: 'rows', judged: [1], kept: [1], best: [null], least: [null] },
      ],
      spentMs: { propose: 5, fit: 2 },
    });
    spentMs = { propose: 9, fit: 3 };
    expect(account()).toEqual({ spentMs: { propose: 4, fit: 1 } });
  });
});
