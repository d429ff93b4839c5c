import { describe, expect, it } from 'vitest';
import { createTally } from '../../src/search/tally.ts';
import { createPruneAccount, prunedOf } from '../../src/tuner/prune-account.ts';

describe('the account of early pruning', () => {
  it('gives each round what was refused and cut since the one before, and nothing where nothing was looked at', () => {
    const tally = createTally();
    const account = createPruneAccount({ tally });
    expect(account()).toBeNull();
    for (const depth of [1, 2, 2]) tally.count('code-size', depth);
    tally.count(null, 3);
    tally.judge(4);
    tally.cut('outscored', 3);
    expect(account()).toEqual({
      looked: 4,
      refused: { 'code-size': [0, 1, 2] },
      judged: 4,
      cut: { outscored: [0, 0, 0, 1] },
    });
    expect(account()).toBeNull();
    tally.count('registers', 4);
    tally.count('code-size', 1);
    tally.judge(2);
    tally.cut('no-completion', 1);
    expect(account()).toEqual({
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
});
