import { z } from 'zod';
import { add, float, forLoop, int, load, lt, mul, select, seq, sub, unary, variable } from '../../ir/builders.ts';
import type { Block, Buffer, Expr, Iter, Program, Stmt, VarExpr, Write } from '../../ir/nodes.ts';
import { lowestOf, shiftOf } from '../../ir/reducers.ts';
import { freshName, mapExpr, namesOf, replaceInProgram, substitute } from '../../ir/visit.ts';
import { isRefusal, type Refusal, refuse } from '../../support/refusal.ts';
import { factorArg, nameArg } from '../arguments.ts';
import { type BlockSite, findBlock, findBuffer, ownNest, readersOf } from '../legality/find.ts';
import { requireSerial } from '../legality/loops.ts';
import { requireWholeReduction } from '../legality/whole-reduction.ts';
import { definePrimitive } from '../primitive.ts';
import { weightedChainOf } from '../weighted-chain.ts';

/**
 * for k: M[i] max= x(i, k)   for k: S[i] sum= exp(x(i, k) - M[i])   for j: for k: Y[i, j] sum= exp(x(i, k) - M[i]) * v(k, j) / S[i]
 *   ->   for t: for k: M_rf[t, i] max= x(i, t, k)          for t: for k: P[t, i, k] = exp(x(i, t, k) - M_rf[t, i])
 *        for t: for k: S_rf[t, i] sum= P[t, i, k]          for t: for j: for k: Y_rf[t, i, j] sum= P[t, i, k] * v(t, k, j)
 *        for j: for t: (M, S, A)[i, j] onlineWeightedSum= (M_rf[t, i], S_rf[t, i], Y_rf[t, i, j])      for j: Y[i, j] = A[i, j] / S[i, j]
 * Each part of `length` terms has a maximum of its own, and partial results are rescaled when they meet: parts may be shared out among
 * workgroups (Flash-Decoding), or taken one after the other by one kernel that never stores a row (Dao et al., "FlashAttention", 2022). The form
 * is found in the expressions. The result rounds differently. Terms beyond the end are -inf, and weigh nothing.
 * Halide and TVM write the chain by hand.
 */
export const rfactorSoftmax = definePrimitive({
  name: 'rfactorSoftmax',
  summary:
    'Splits a maximum, the sum of exponentials less it, and a sum that these weigh into parts that are rescaled.',
  rewrite: 'M max= x; S sum= exp(x - M); Y sum= exp(x - M) / S * v  ->  M_rf; P; S_rf; Y_rf; (M, S, A) online=',
  halide: '-',
  tvm: '-',
  args: z.strictObject({ maximum: nameArg, sum: nameArg, weighted: nameArg, length: factorArg }),
  check(program, { maximum, sum, weighted, length }) {
    const sites: BlockSite[] = [];
    for (const name of [maximum, sum, weighted]) {
      const site = findBlock(program, name);
      if (isRefusal(site)) return site;
      const refused = requireWholeReduction(program, site, 'rfactorSoftmax') ?? requireSerialNest(site);
      if (refused !== null) return refused;
      sites.push(site);
    }
    const [one, two, three] = sites as [BlockSite, BlockSite, BlockSite];
    const chain = weightedChainOf(one.block, two.block, three.block);
    if (isRefusal(chain)) return chain;
    const buffers: Buffer[] = [];
    for (const { block } of sites) {
      const buffer = findBuffer(program, (block.writes[0] as Write).buffer);
      if (isRefusal(buffer)) return buffer;
      const other = buffers.find(({ dtype }) => dtype !== buffer.dtype);
      if (other !== undefined)
        return refuse(
          'dtypes-differ',
          () => `${other.name} is ${other.dtype} and ${buffer.name} is ${buffer.dtype}; expected one dtype`,
        );
      buffers.push(buffer);
    }
    const gone = requireGone(program, buffers.slice(0, 2), [two.block, three.block]);
    if (gone !== null) return gone;
    return { chain, buffers, nests: sites.map(ownNest), length: Math.min(length, chain.axes[2].extent) };
  },
  apply(program, { chain, buffers, nests, length }) {
    const { first, second, third, axes, element, row, weighed, finish } = chain;
    const [maxima, sums, results] = buffers as [Buffer, Buffer, Buffer];
    const { dtype } = results;
    const taken = namesOf(program);
    const fresh = (wish: string): string => {
      const name = freshName(taken, wish);
      taken.add(name);
      return name;
    };
    const parts = Math.ceil(axes[2].extent / length);
    const added: Buffer[] = [];
    const buffer = (name: string, shape: readonly number[]): string => {
      const made = fresh(name);
      added.push({ name: made, dtype, shape, scope: 'storage' });
      return made;
    };
    const names = {
      maxima: buffer(`${maxima.name}_rf`, [parts, ...maxima.shape]),
      weights: buffer(`${sums.name}_weights`, [parts, ...sums.shape, length]),
      sums: buffer(`${sums.name}_rf`, [parts, ...sums.shape]),
    };
    const partOf = ofParts(parts, length, fresh);
    const [one, two, three] = [first, second, third].map((block, b) => partOf(block, axes[b] as Iter)) as [
      PartOf,
      PartOf,
      PartOf,
    ];
    const whole = spatialOf(third);
    const shape = whole.map(({ extent }) => extent);
    const at = whole.map(({ name }) => variable(name));
    const partial = buffer(`${results.name}_rf`, [parts, ...shape]);
    const online = [maxima, sums, results].map(({ name }) => buffer(`${name}_online`, shape)) as [
      string,
      string,
      string,
    ];
    const [toMax, toSum, toResult] = [first, second, third].map((block) => block.writes[0] as Write) as [
      Write,
      Write,
      Write,
    ];
    const largest = load(names.maxima, [two.part, ...toSum.indices]);
    const inPart = load(names.weights, [three.part, ...row, three.term]);
    const total = (expr: Expr): Expr =>
      mapExpr(expr, (node) => (node.kind === 'load' && node.buffer === sums.name ? load(online[1], at) : node));
    const made: readonly (readonly Stmt[])[] = [
      [
        one.nest(`${first.name}_rf`, 'max', {
          buffer: names.maxima,
          indices: [one.part, ...toMax.indices],
          value: one.guarded(one.moved(toMax.value), lowestOf(dtype)),
        }),
      ],
      [
        two.nest(`${second.name}_weights`, null, {
          buffer: names.weights,
          indices: [two.part, ...toSum.indices, two.term],
          value: two.guarded(unary('expNumber', sub(two.moved(element), shiftOf(largest, dtype))), float(0, dtype)),
        }),
        two.nest(`${second.name}_rf`, 'sum', {
          buffer: names.sums,
          indices: [two.part, ...toSum.indices],
          value: load(names.weights, [two.part, ...toSum.indices, two.term]),
        }),
      ],
      [
        three.nest(`${third.name}_rf`, 'sum', {
          buffer: partial,
          indices: [three.part, ...at],
          value: three.guarded(weighed === null ? inPart : mul(inPart, three.moved(weighed)), float(0, dtype)),
        }),
        nestOf(
          {
            kind: 'block',
            name: third.name,
            iters: [...whole, { name: three.part.name, extent: parts, type: 'reduction', binding: int(0) }],
            predicate: [],
            writes: [
              { buffer: online[0], indices: at, value: load(names.maxima, [three.part, ...row]) },
              { buffer: online[1], indices: at, value: load(names.sums, [three.part, ...row]) },
              { buffer: online[2], indices: at, value: load(partial, [three.part, ...at]) },
            ],
            reducer: { op: 'onlineWeightedSum', initialises: true },
          },
          fresh,
        ),
        nestOf(
          {
            kind: 'block',
            name: fresh(`${third.name}_rescaled`),
            iters: whole,
            predicate: [],
            writes: [{ ...toResult, value: total(finish(load(online[2], at))) }],
            reducer: null,
          },
          fresh,
        ),
      ],
    ];
    const replaced = nests.reduce(
      (next, nest, n) =>
        replaceInProgram(
          next,
          (stmt) => stmt === nest,
          () => seq(made[n] as readonly Stmt[]),
        ),
      program,
    );
    const kept = replaced.buffers.filter(({ name }) => name !== maxima.name && name !== sums.name);
    return { ...replaced, buffers: [...kept, ...added] };
  },
  describe: ({ maximum, sum, weighted, length }) => `rfactorSoftmax(${maximum}, ${sum}, ${weighted}, ${length})`,
});

function requireSerialNest({ around }: BlockSite): Refusal | null {
  for (const loop of around) {
    const refused = requireSerial(loop);
    if (refused !== null) return refused;
  }
  return null;
}

/** Refuses buffers that others want to read, or the caller: no block would make them any more. */
function requireGone(program: Program, buffers: readonly Buffer[], readers: readonly Block[]): Refusal | null {
  for (const { name } of buffers) {
    if (program.outputs.includes(name))
      return refuse('writes-output', () => `${name} is an output, which is no longer computed by itself`);
    const other = readersOf(program, name).find(({ block }) => !readers.includes(block));
    if (other !== undefined)
      return refuse(
        'several-readers',
        () => `block ${other.block.name} reads ${name} too, which is no longer computed by itself`,
      );
  }
  return null;
}

const spatialOf = ({ iters }: Block): readonly Iter[] => iters.filter(({ type }) => type === 'spatial');

/** A nest of one loop for each iter around a block, the loops named after the iters. */
function nestOf(block: Block, fresh: (wish: string) => string): Stmt {
  const loops = block.iters.map(({ name, extent }) => ({
    name: fresh(`${block.name}_${name.replace(/^v(?=.)/, '')}`),
    extent,
  }));
  const bound: Block = {
    ...block,
    iters: block.iters.map((iter, i) => ({ ...iter, binding: variable(loops[i]?.name as string) })),
  };
  return loops.reduceRight<Stmt>((body, { name, extent }) => forLoop(name, extent, body), bound);
}

/** A reduction's block cut into parts: which part, which of its terms, and blocks over both. */
interface PartOf {
  readonly part: VarExpr;
  readonly term: VarExpr;
  /** What belongs to a term of the whole axis, for a term of the part. */
  readonly moved: (value: Expr) => Expr;
  /** The value of a term, `neutral` for those beyond the end. */
  readonly guarded: (value: Expr, neutral: Expr) => Expr;
  /** The nest of a block that reduces the terms of a part or, without a reducer, has one element for each. */
  readonly nest: (name: string, op: 'max' | 'sum' | null, write: Write) => Stmt;
}

function ofParts(parts: number, length: number, fresh: (wish: string) => string): (block: Block, axis: Iter) => PartOf {
  return (block, axis) => {
    const names = new Set(block.iters.map(({ name }) => name));
    const part = freshName(names, 'vt');
    const term = axis.name;
    const position = add(mul(variable(part), int(length)), variable(term));
    const inside = new Map([[axis.name, position]]);
    const isWhole = parts * length === axis.extent;
    return {
      part: variable(part),
      term: variable(term),
      moved: (value) => substitute(value, inside),
      guarded: (value, neutral) => (isWhole ? value : select(lt(position, int(axis.extent)), value, neutral)),
      nest: (name, op, write) =>
        nestOf(
          {
            kind: 'block',
            name: fresh(name),
            iters: [
              { name: part, extent: parts, type: 'spatial', binding: int(0) },
              ...spatialOf(block),
              { ...axis, extent: length, type: op === null ? 'spatial' : 'reduction' },
            ],
            predicate: [],
            writes: [write],
            reducer: op === null ? null : { op: op === 'max' ? 'maxNumber' : 'sum', initialises: true },
          },
          fresh,
        ),
    };
  };
}
