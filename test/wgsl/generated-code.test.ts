import { beforeAll, describe, expect, it } from 'vitest';
import { childrenOf, type KExpr, type Kernel, type KStmt } from '../../src/ir/kernel.ts';
import { emit } from '../../src/wgsl/emit.ts';
import { dawnOutput } from './dawn-output.ts';
import { goldenKernels } from './golden-kernels.ts';
import { countInSpirv, type SpirvCounts } from './spirv-counts.ts';

interface Compiled {
  readonly title: string;
  readonly kernel: Kernel;
  readonly counts: SpirvCounts;
}

/** What Dawn makes of hand-made schedules and of candidates of a search, under the browser profile. */
describe('code that Dawn generates', () => {
  const compiled: Compiled[] = [];
  beforeAll(async () => {
    const kernels = goldenKernels().flatMap(({ title, lowered }) =>
      emit(lowered).kernels.map(({ wgsl }, i) => ({ title, wgsl, kernel: lowered.kernels[i] as Kernel })),
    );
    const dumps = await dawnOutput(kernels.map(({ wgsl }) => wgsl));
    kernels.forEach(({ title, kernel }, i) => {
      compiled.push({ title: `${title}: ${kernel.name}`, kernel, counts: countInSpirv(dumps[i] as string) });
    });
  }, 300_000);

  const failing = (question: (one: Compiled) => boolean): string[] =>
    compiled.filter(question).map(({ title }) => title);

  it('covers at least ten operators and hand-made schedules, most kernels having loops', () => {
    expect(new Set(compiled.map(({ title }) => title.split(/[ :]/)[0])).size).toBeGreaterThanOrEqual(10);
    expect(compiled.filter(({ counts }) => counts.loops > 0).length).toBeGreaterThan(compiled.length / 2);
  });

  it('has no counters that guard loops', () => {
    expect(failing(({ counts }) => counts.guardCounters > 0)).toEqual([]);
  });

  it('has no division or remainder in a loop except by powers of two', () => {
    expect(failing(({ counts }) => counts.divisionsInLoops > 0)).toEqual([]);
  });

  it('clamps in loops only where our text does, where an access stands under a condition, and where a copy takes its running index apart', () => {
    const surplus = ({ kernel, counts }: Compiled): number => {
      const own = survey(kernel.body);
      return counts.clampsInLoops - own.clamps - own.conditional - own.takenApart;
    };
    expect(failing((one) => surplus(one) > 0)).toEqual([]);
  });
});

interface Own {
  clamps: number;
  conditional: number;
  /** Stores of copies. No compiler bounds a remainder that is made of a multiplication and a shift. */
  takenApart: number;
}

/** Counts the minima of u32 that we wrote in loops, and the accesses under an `if` in a loop. */
function survey(
  body: readonly KStmt[],
  inLoop = false,
  under = false,
  own: Own = { clamps: 0, conditional: 0, takenApart: 0 },
): Own {
  const look = (expr: KExpr): void => {
    if (expr.kind === 'binary' && expr.op === 'min' && expr.type.scalar === 'u32' && inLoop) own.clamps++;
    if (expr.kind === 'element' && inLoop && under) own.conditional++;
    for (const child of childrenOf(expr)) look(child);
  };
  const shifted = new Set<string>();
  const isTakenApart = (expr: KExpr): boolean =>
    (expr.kind === 'binary' && expr.op === 'shr') ||
    (expr.kind === 'name' && shifted.has(expr.name)) ||
    [...childrenOf(expr)].some(isTakenApart);
  for (const stmt of body) {
    if (stmt.kind === 'let' && isTakenApart(stmt.value)) shifted.add(stmt.name);
    if ('value' in stmt && stmt.value !== null) look(stmt.value);
    if (stmt.kind === 'store') {
      look(stmt.index);
      if (inLoop && under) own.conditional++;
      else if (inLoop && isTakenApart(stmt.index)) own.takenApart++;
    }
    if (stmt.kind === 'if') {
      look(stmt.condition);
      survey(stmt.body, inLoop, true, own);
    }
    if (stmt.kind === 'for') survey(stmt.body, true, under, own);
  }
  return own;
}
