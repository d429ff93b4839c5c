import { z } from 'zod';
import { load } from '../../ir/builders.ts';
import type { Block, Buffer, Expr, Write } from '../../ir/nodes.ts';
import { freshName, mapExpr, namesOf, readsOf, replaceInProgram } from '../../ir/visit.ts';
import { isRefusal, refuse } from '../../support/refusal.ts';
import { nameArg } from '../arguments.ts';
import { type BlockSite, findBlock, findBuffer, ownNest } from '../legality/find.ts';
import { requireWholeReduction } from '../legality/whole-reduction.ts';
import { formOf, type Pair, withoutRoundTrip } from '../online-forms.ts';
import { definePrimitive } from '../primitive.ts';
import { mapBlocks } from '../rewrite.ts';

/**
 * for k: M[i] max= x(i, k)   for k: S[i] sum= exp(x(i, k) - M[i])
 *   ->   for k: (M[i], S[i]) onlineSoftmax= (x(i, k), 1)
 * Two passes over the same elements, the second of which needs the result of the first, become one reduction of tuples (ir/reducers.ts)
 * in the first one's place and under its name. The forms are those of online-forms.ts: a maximum and a sum of exponentials less it, and
 * a sum and a sum of squared deviations from its mean; for the latter the tuple holds the mean, and readers of the sum read mean * count.
 * A maximum that lets NaN through gives onlineLogSumExp, which does so too. The forms are found in the expressions: names of blocks and
 * operators say nothing. The result rounds differently.
 * Neither Halide nor TVM has it; there the online form is written by hand, as a tuple update and as a comm_reducer.
 */
export const mergeReductions = definePrimitive({
  name: 'mergeReductions',
  summary:
    'Makes one reduction of tuples of two over the same elements where the second uses the first: a single pass.',
  rewrite: 'M max= x; S sum= exp(x - M)  ->  (M, S) onlineSoftmax= (x, 1)',
  halide: '-',
  tvm: '-',
  args: z.strictObject({ first: nameArg, second: nameArg }),
  check(program, { first, second }) {
    const sites: BlockSite[] = [];
    for (const name of [first, second]) {
      const site = findBlock(program, name);
      if (isRefusal(site)) return site;
      const refused = requireWholeReduction(program, site, 'mergeReductions');
      if (refused !== null) return refused;
      sites.push(site);
    }
    const [one, two] = sites as [BlockSite, BlockSite];
    const [from, to] = [one.block.writes[0] as Write, two.block.writes[0] as Write];
    const [made, last] = [findBuffer(program, from.buffer), findBuffer(program, to.buffer)];
    if (isRefusal(made)) return made;
    if (isRefusal(last)) return last;
    if (!readsOf(two.block).some((read) => read.buffer === from.buffer))
      return refuse(
        'not-dependent',
        () =>
          `block ${second} does not read ${from.buffer}, which block ${first} makes; expected a reduction that uses it`,
        () => 'computeInline what stands between them first; reductions that do not use each other are no case of it',
      );
    const reduced = one.block.iters.filter((iter) => iter.type === 'reduction');
    const count = reduced.reduce((product, iter) => product * iter.extent, 1);
    const pair: Pair = { first: one.block, second: two.block, count, dtype: made.dtype };
    const form = formOf(pair);
    if (isRefusal(form)) return form;
    if (made.dtype !== last.dtype || (made.dtype !== 'f32' && made.dtype !== 'f16'))
      return refuse(
        'dtypes-differ',
        () => `${made.name} is ${made.dtype} and ${last.name} is ${last.dtype}; expected one float type`,
      );
    if (form.restored !== undefined && program.outputs.includes(made.name))
      return refuse(
        'writes-output',
        () =>
          `block ${first} writes the output ${made.name}, of which one pass would keep the ${form.restored?.from} only`,
      );
    return { pair, form, made, last, nest: ownNest(two) };
  },
  apply(program, { pair, form, made, last, nest }) {
    const taken = namesOf(program);
    const { first } = pair;
    const { indices, value } = first.writes[0] as Write;
    const added: Buffer[] = [];
    const placeOf = (place: string): string => {
      if (place === 'first') return made.name;
      if (place === 'second') return last.name;
      const name = freshName(taken, `${made.name}_${place}`);
      taken.add(name);
      added.push({ ...made, name });
      return name;
    };
    const places = form.values(value, pair.dtype).map((part) => ({ ...part, buffer: placeOf(part.place) }));
    const merged: Block = {
      ...first,
      writes: places.map((part) => ({ buffer: part.buffer, indices, value: part.value })),
      reducer: { op: form.op, initialises: true },
    };
    const removed = replaceInProgram(
      program,
      (stmt) => stmt === nest,
      () => null,
    );
    const replaced = replaceInProgram(
      removed,
      (stmt) => stmt === first,
      () => merged,
    );
    const { restored } = form;
    if (restored === undefined) return replaced;
    const source = places.find((part) => part.place === restored.from)?.buffer as string;
    const restore = (expr: Expr): Expr =>
      mapExpr(expr, (node) =>
        node.kind === 'load' && node.buffer === made.name
          ? restored.restore(load(source, node.indices), pair)
          : withoutRoundTrip(node),
      );
    return {
      ...replaced,
      buffers: [...replaced.buffers.filter((buffer) => buffer.name !== made.name), ...added],
      body: replaced.body.map((stmt) =>
        mapBlocks(stmt, (block) =>
          readsOf(block).some((read) => read.buffer === made.name)
            ? { ...block, writes: block.writes.map((write) => ({ ...write, value: restore(write.value) })) }
            : block,
        ),
      ),
    };
  },
  describe: ({ first, second }) => `mergeReductions(${first}, ${second})`,
});
