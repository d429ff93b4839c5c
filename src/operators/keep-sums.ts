import * as ir from '../ir/builders.ts';
import type { Block, Buffer, DType, Expr, Program, Stmt, Write } from '../ir/nodes.ts';
import { accumulates } from '../ir/reducers.ts';
import { blocksOf, freshName, mapChildren, mapExpr, namesOf, readsOf, replaceStmt, walkStmt } from '../ir/visit.ts';
import { dtypesOf, elementDtype } from './element-dtype.ts';

/*
 * The dtype in which sums of f16 elements are kept is decided here. Operators write sums in whatever dtype reads best; one of two rewrites
 * of the plain program follows (withSumsInF32, withSumsInF16), and everything that a schedule makes of the program (registers, workgroup
 * memory, partial sums of rfactor) has the dtypes that it finds there.
 */

/** The blocks whose reduction rounds at every step. */
export function summingBlocks(program: Program): Block[] {
  return blocksOf(program).filter(({ reducer }) => reducer !== null && accumulates(reducer.op));
}

/** How many terms the longest sum has; 0 where nothing is summed. */
export function longestSum(program: Program): number {
  return Math.max(
    0,
    ...summingBlocks(program).map(({ iters }) =>
      iters.reduce((terms, iter) => (iter.type === 'reduction' ? terms * iter.extent : terms), 1),
    ),
  );
}

type Dtypes = ReadonlyMap<string, DType>;

const isFloat = (dtype: DType | 'index' | undefined): boolean => dtype === 'f32' || dtype === 'f16';

/** The same arithmetic in f32: elements of f16 are converted as they are loaded. Roundings to f16 that the expression itself asks for stay. */
function widened(expr: Expr, dtypes: Dtypes): Expr {
  switch (expr.kind) {
    case 'load':
      return dtypes.get(expr.buffer) === 'f16' ? ir.cast('f32', expr) : expr;
    case 'float':
      return expr.dtype === 'f16' ? ir.float(expr.value, 'f32') : expr;
    case 'cast': {
      const isElement = isFloat(elementDtype(expr.a, dtypes));
      if (expr.dtype === 'f32' && isElement) return widened(expr.a, dtypes);
      if (expr.dtype !== 'f16') return expr;
      return ir.cast('f32', isElement ? expr : expr.a);
    }
    default:
      return mapChildren(expr, (child) => widened(child, dtypes));
  }
}

/** Converts an expression where its place asks for another dtype than it has. */
const converted = (expr: Expr, from: DType, to: DType): Expr => (from === to ? expr : ir.cast(to, expr));

const readsAny = (write: Write, buffers: ReadonlySet<string>, block: Block): boolean =>
  readsOf({ ...block, writes: [write] }).some(({ buffer }) => buffers.has(buffer));

/**
 * Keeps sums of f16 elements in f32, and computes their terms in f32 as well. Values made from sums stay f32 until they are stored in an
 * output, the one place that rounds. A sum that is an output itself becomes `C_sum` and a stage `<stage>_finish` that stores it.
 */
export function withSumsInF32(program: Program): Program {
  const dtypes = dtypesOf(program.buffers);
  const taken = namesOf(program);
  const fresh = (wish: string): string => {
    const name = freshName(taken, wish);
    taken.add(name);
    return name;
  };
  const made = new Set<string>();
  const added: Buffer[] = [];
  const isOutput = (name: string): boolean => program.outputs.includes(name);
  const body = program.body.flatMap((nest): Stmt[] => {
    let rewritten = nest;
    const finishes: Stmt[] = [];
    for (const block of blocksOf({ ...program, body: [nest] })) {
      const sums = block.reducer !== null && accumulates(block.reducer.op);
      let renamed = false;
      const writes = block.writes.map((write): Write => {
        const dtype = dtypes.get(write.buffer);
        const isWide = readsAny(write, made, block);
        if (!(sums && dtype === 'f16') && !isWide) return write;
        const before = elementDtype(write.value, dtypes);
        const value = widened(write.value, dtypes);
        if (dtype !== 'f16') return { ...write, value: isFloat(before) ? value : write.value };
        if (!isOutput(write.buffer)) {
          dtypes.set(write.buffer, 'f32');
          made.add(write.buffer);
          return { ...write, value };
        }
        if (!sums) return { ...write, value: converted(value, 'f32', 'f16') };
        const buffer = program.buffers.find(({ name }) => name === write.buffer) as Buffer;
        const sum = fresh(`${write.buffer}_sum`);
        added.push({ ...buffer, name: sum, dtype: 'f32' });
        finishes.push(finishOf(nest, block, buffer, sum, fresh));
        renamed = true;
        return { ...write, buffer: sum, value };
      });
      rewritten = replaceStmt(
        rewritten,
        (stmt) => stmt === block,
        () => ({ ...block, writes }),
      ) as Stmt;
      if (renamed) rewritten = withSpatialLoopsNamed(rewritten, block, added.at(-1)?.name as string, fresh);
    }
    return [rewritten, ...finishes];
  });
  if (made.size === 0 && added.length === 0) return program;
  const buffers = program.buffers.map((buffer) => ({ ...buffer, dtype: dtypes.get(buffer.name) as DType }));
  return { ...program, buffers: [...buffers, ...added], body };
}

/** C[i, j] = f16(C_sum[i, j]), in a nest whose loops have the names that the sum's loops had. */
function finishOf(nest: Stmt, block: Block, buffer: Buffer, sum: string, fresh: (wish: string) => string): Stmt {
  const names = new Map<string, string>();
  walkStmt(nest, (stmt) => {
    if (stmt.kind === 'block' && stmt === block)
      for (const iter of stmt.iters)
        if (iter.type === 'spatial' && iter.binding.kind === 'var') names.set(iter.name, iter.binding.name);
  });
  const spatial = block.iters.filter((iter) => iter.type === 'spatial');
  const indices = spatial.map((iter) => ir.variable(iter.name));
  const store: Block = {
    kind: 'block',
    name: fresh(`${block.name}_finish`),
    iters: spatial,
    predicate: [],
    writes: [{ buffer: buffer.name, indices, value: ir.cast(buffer.dtype, ir.load(sum, indices)) }],
    reducer: null,
  };
  return spatial.reduceRight<Stmt>(
    (inner, iter) => ir.forLoop(names.get(iter.name) as string, iter.extent, inner),
    store,
  );
}

/** Renames the spatial loops of a block's nest after the buffer that it writes now: the stage after it has taken their names. */
function withSpatialLoopsNamed(nest: Stmt, block: Block, buffer: string, fresh: (wish: string) => string): Stmt {
  const names = new Map(
    block.iters
      .filter((iter) => iter.type === 'spatial')
      .flatMap((iter) => (iter.binding.kind === 'var' ? [iter.binding.name] : []))
      .map((loop) => [loop, fresh(`${buffer}_${loop}`)]),
  );
  const rename = (expr: Expr): Expr =>
    mapExpr(expr, (node) => (node.kind === 'var' ? ir.variable(names.get(node.name) ?? node.name) : node));
  const visit = (stmt: Stmt): Stmt => {
    if (stmt.kind === 'for') return { ...stmt, name: names.get(stmt.name) ?? stmt.name, body: visit(stmt.body) };
    if (stmt.kind === 'seq') return { ...stmt, body: stmt.body.map(visit) };
    return {
      ...stmt,
      iters: stmt.iters.map((iter) => ({ ...iter, binding: rename(iter.binding) })),
      predicate: stmt.predicate.map(rename),
    };
  };
  return visit(nest);
}

/** Keeps sums in f16, also where the operator writes them in f32: every term and every partial sum is rounded to f16. */
export function withSumsInF16(program: Program): Program {
  return withHalves(
    program,
    new Set(summingBlocks(program).flatMap(({ writes }) => writes.map(({ buffer }) => buffer))),
  );
}

/** Makes buffers of f32 hold f16: values are rounded when they are stored there, and converted when they are read. */
export function withHalves(program: Program, names: ReadonlySet<string>): Program {
  const isNarrowed = ({ name, dtype }: Buffer): boolean => dtype === 'f32' && names.has(name);
  const narrow = new Set(program.buffers.filter(isNarrowed).map(({ name }) => name));
  if (narrow.size === 0) return program;
  const reread = (expr: Expr): Expr => {
    if (expr.kind === 'load') return narrow.has(expr.buffer) ? ir.cast('f32', expr) : expr;
    const mapped = mapChildren(expr, reread);
    // An f16 sum that is stored as it is needs no conversion to f32 and back.
    const isCopy = mapped.kind === 'cast' && mapped.dtype === 'f16' && mapped.a.kind === 'cast' && expr !== mapped;
    return isCopy && mapped.a.kind === 'cast' && mapped.a.a.kind === 'load' ? mapped.a.a : mapped;
  };
  const blocks = new Set(blocksOf(program));
  const rewrite = (stmt: Stmt): Stmt => {
    if (stmt.kind === 'for') return { ...stmt, body: rewrite(stmt.body) };
    if (stmt.kind === 'seq') return { ...stmt, body: stmt.body.map(rewrite) };
    if (!blocks.has(stmt)) return stmt;
    const writes = stmt.writes.map((write): Write => {
      const value = reread(write.value);
      return { ...write, value: narrow.has(write.buffer) ? ir.cast('f16', value) : value };
    });
    return { ...stmt, writes };
  };
  return {
    ...program,
    buffers: program.buffers.map((buffer) => (narrow.has(buffer.name) ? { ...buffer, dtype: 'f16' } : buffer)),
    body: program.body.map(rewrite),
  };
}
