import { boundsOf, type Ranges } from '../../arithmetic/bounds.ts';
import { addTerm, type Linear, linearOf, type Term } from '../../arithmetic/linear.ts';
import { simplify } from '../../arithmetic/simplify.ts';
import { int } from '../../ir/builders.ts';
import type { KExpr } from '../../ir/kernel.ts';
import type { Expr } from '../../ir/nodes.ts';
import { isPosition, substitute, varsOf } from '../../ir/visit.ts';
import type { StatementScope } from '../codegen/scope.ts';

/** The code of a form's terms. Its value is `shift` more than theirs; `expr` is null where there is no term at all. */
export interface IndexCode {
  readonly expr: KExpr | null;
  readonly shift: number;
  /** Text of the terms: equal texts mean equal values. */
  readonly key: string;
  /** The scope in which its names were placed. */
  readonly scope: StatementScope;
}

export interface FormTerm extends Term {
  readonly key: string;
  /** Number of serial loops around the innermost variable: where the term's value is known. */
  readonly level: number;
}

/**
 * An index as lowering instantiates it, hundreds of times for an unrolled body: the part that is the same for all instances, and what an
 * unrolled loop's iteration adds to it. It is made once per access.
 */
export interface IndexForm {
  readonly terms: readonly FormTerm[];
  /** Unrolled variables that only add a multiple of themselves. */
  readonly steps: readonly { readonly name: string; readonly coefficient: number }[];
  /** Atoms with an unrolled variable inside, for each of whose values a form is derived anew. */
  readonly tangled: readonly Term[];
  readonly tangledVars: readonly string[];
  readonly constant: number;
  readonly level: number;
  readonly ranges: Ranges;
  /** Forms without tangles by the values of `tangledVars`. */
  readonly derived: Map<string, IndexForm>;
  /** Code of the terms, by the scale that divides them; valid while the scope in which it was placed is open. */
  readonly codes: Map<number, IndexCode>;
  /** Bounds of the terms; null until they are asked for. */
  bounds: { readonly min: number; readonly max: number } | null;
  /** Terms with positive and with negative coefficient as forms of their own; null until they are asked for. */
  sides: { readonly positive: IndexForm; readonly negative: IndexForm } | null;
}

/** What lowering knows of the variables of one kernel. */
export interface Variables {
  /** Unrolled and vectorised loops. */
  readonly unrolled: ReadonlySet<string>;
  /** For each serial loop the number of serial loops around its body, itself included. */
  readonly depths: ReadonlyMap<string, number>;
}

export function formOf(expr: Expr, ranges: Ranges, variables: Variables): IndexForm {
  return formOfLinear(linearOf(expr), ranges, variables);
}

export function formOfLinear(linear: Linear, ranges: Ranges, variables: Variables): IndexForm {
  const terms: FormTerm[] = [];
  const steps: { name: string; coefficient: number }[] = [];
  const tangled: Term[] = [];
  const tangledVars = new Set<string>();
  let deepest = 0;
  for (const [key, term] of linear.terms) {
    const { atom, coefficient } = term;
    if (atom.kind === 'var') {
      if (variables.unrolled.has(atom.name)) {
        steps.push({ name: atom.name, coefficient });
        continue;
      }
      const level = variables.depths.get(atom.name) ?? 0;
      deepest = Math.max(deepest, level);
      terms.push({ atom, coefficient, key, level });
      continue;
    }
    const names = varsOf(atom);
    const inside = [...names].filter((name) => variables.unrolled.has(name));
    if (inside.length > 0) {
      tangled.push(term);
      for (const name of inside) tangledVars.add(name);
      continue;
    }
    let level = 0;
    for (const name of names) level = Math.max(level, variables.depths.get(name) ?? 0);
    deepest = Math.max(deepest, level);
    terms.push({ atom, coefficient, key, level });
  }
  return {
    terms,
    steps,
    tangled,
    tangledVars: [...tangledVars],
    constant: linear.constant,
    level: deepest,
    ranges,
    derived: new Map(),
    codes: new Map(),
    bounds: null,
    sides: null,
  };
}

/** The form for the current iteration of all unrolled loops: one without tangles, and the constant to add to its terms. */
export function instanceOf(
  form: IndexForm,
  iteration: ReadonlyMap<string, number>,
  variables: Variables,
): { readonly form: IndexForm; readonly constant: number } {
  let settled = form;
  if (form.tangled.length > 0) {
    const key = form.tangledVars.map((name) => iteration.get(name)).join();
    let derived = form.derived.get(key);
    if (derived === undefined) {
      derived = untangle(form, iteration, variables);
      form.derived.set(key, derived);
    }
    settled = derived;
  }
  let constant = settled.constant;
  for (const { name, coefficient } of settled.steps) constant += coefficient * (iteration.get(name) ?? 0);
  return { form: settled, constant };
}

function untangle(form: IndexForm, iteration: ReadonlyMap<string, number>, variables: Variables): IndexForm {
  const values = new Map<string, Expr>();
  for (const name of form.tangledVars) values.set(name, int(iteration.get(name) ?? 0));
  const terms = new Map<string, Term>();
  let constant = form.constant;
  for (const { key, atom, coefficient } of form.terms) terms.set(key, { atom, coefficient });
  for (const { atom, coefficient } of form.tangled) {
    const linear = linearOf(simplify(substitute(atom, values), form.ranges));
    constant += coefficient * linear.constant;
    for (const term of linear.terms.values()) addTerm(terms, term.atom, coefficient * term.coefficient);
  }
  const settled = formOfLinear({ terms, constant }, form.ranges, variables);
  return { ...settled, steps: [...form.steps, ...settled.steps] };
}

/** Bounds of the terms without the constant. */
export function boundsOfTerms(form: IndexForm): { readonly min: number; readonly max: number } {
  if (form.bounds !== null) return form.bounds;
  let min = 0;
  let max = 0;
  for (const { atom, coefficient } of form.terms) {
    const bounds = isClamp(atom) ? { min: 0, max: clampLimit(atom) } : boundsOf(atom, form.ranges);
    min += coefficient > 0 ? coefficient * bounds.min : coefficient * bounds.max;
    max += coefficient > 0 ? coefficient * bounds.max : coefficient * bounds.min;
  }
  form.bounds = { min, max };
  return form.bounds;
}

/** min(u32(e), c): an index that may have wrapped below zero, clamped (see clamps.ts). */
export function isClamp(atom: Expr): boolean {
  return (
    atom.kind === 'binary' &&
    atom.op === 'min' &&
    atom.a.kind === 'cast' &&
    atom.b.kind === 'int' &&
    !isPosition(atom.a)
  );
}
function clampLimit(atom: Expr): number {
  return atom.kind === 'binary' && atom.b.kind === 'int' ? atom.b.value : 0;
}

export function sidesOf(form: IndexForm): { readonly positive: IndexForm; readonly negative: IndexForm } {
  if (form.sides !== null) return form.sides;
  const part = (sign: 1 | -1): IndexForm => {
    const terms = form.terms
      .filter(({ coefficient }) => coefficient * sign > 0)
      .map((term) => ({ ...term, coefficient: term.coefficient * sign }));
    const level = terms.reduce((deepest, term) => Math.max(deepest, term.level), 0);
    return {
      ...form,
      terms,
      steps: [],
      constant: 0,
      level,
      codes: new Map(),
      derived: new Map(),
      bounds: null,
      sides: null,
    };
  };
  form.sides = { positive: part(1), negative: part(-1) };
  return form.sides;
}
