import { childrenOf, type KExpr, type Kernel, type KStmt } from '../ir/kernel.ts';
import type { MatrixOrderSyntax } from '../ir/limits.ts';
import { describeSubgroups, subgroupNeedsOf } from '../ir/subgroup-needs.ts';
import { printExpression, printType } from './expressions.ts';
import { createIdentifiers } from './identifiers.ts';
import { isMatrixStmt, matrixDirectives, printMatrixStmt } from './matrices.ts';
import {
  type NonFiniteUsage,
  nonFiniteConstants,
  nonFiniteFunctions,
  noteNonFinite,
  nothingNonFinite,
} from './non-finite.ts';

type Spell = (name: string) => string;
const components = 'xyzw';

/** How the newest Dawn spells the order of a subgroup matrix. */
export const newestSyntax: MatrixOrderSyntax = 'template';

/**
 * The WGSL of one kernel: a comment with its name, bindings in group 0 in order, workgroup memory, one entry point `main`. `orderAs` is
 * how the device's WGSL spells the order of a subgroup matrix.
 */
export function printKernel(kernel: Kernel, orderAs: MatrixOrderSyntax = newestSyntax): string {
  const spell = createIdentifiers();
  const lines: string[] = [];
  const usage: Usage = {
    ...{ wg: false, lid: false, f16: false, lane: false, subgroups: false, matrix: false },
    nonFinite: nothingNonFinite(),
  };
  const body: string[] = [];
  // Module-scope names are spelled first, so that they stay as they are.
  for (const { buffer } of kernel.bindings) spell(buffer);
  for (const { name } of kernel.shared) spell(name);
  for (const stmt of kernel.body) printStatement(stmt, '  ', body, { spell, usage, orderAs });

  const half = usage.f16 || [...kernel.bindings, ...kernel.shared].some(({ element }) => element.scalar === 'f16');
  lines.push(`// ${kernel.name.replace(/[^\x20-\x7e]/g, '?')}`);
  const needs = subgroupNeedsOf(kernel);
  if (needs !== null) lines.push(`// ${describeSubgroups(needs)}`);
  if (usage.matrix) lines.push(...matrixDirectives);
  if (half) lines.push('enable f16;');
  if (usage.subgroups) lines.push('enable subgroups;');
  lines.push('');
  kernel.bindings.forEach(({ buffer, access, element, length }, i) => {
    lines.push(
      `@group(0) @binding(${i}) var<storage, ${access}> ${spell(buffer)}: array<${printType(element)}, ${length}>;`,
    );
  });
  if (kernel.shared.length > 0) lines.push('');
  for (const { name, element, length } of kernel.shared)
    lines.push(`var<workgroup> ${spell(name)}: array<${printType(element)}, ${length}>;`);
  lines.push('');
  const functions = nonFiniteFunctions(usage.nonFinite);
  if (functions.length > 0) lines.push(...functions, '');
  const builtins = [
    usage.wg ? '@builtin(workgroup_id) wg: vec3<u32>' : '',
    usage.lid ? '@builtin(local_invocation_id) lid: vec3<u32>' : '',
    usage.lane ? '@builtin(subgroup_invocation_id) subgroup_lane: u32' : '',
  ].filter((text) => text !== '');
  lines.push(`@compute @workgroup_size(${kernel.workgroupSize.join(', ')})`);
  lines.push(`fn main(${builtins.join(', ')}) {`, ...nonFiniteConstants(usage.nonFinite), ...body, '}', '');
  return lines.join('\n');
}

interface Usage {
  wg: boolean;
  lid: boolean;
  f16: boolean;
  lane: boolean;
  subgroups: boolean;
  matrix: boolean;
  readonly nonFinite: NonFiniteUsage;
}

interface Printing {
  readonly spell: Spell;
  readonly usage: Usage;
  readonly orderAs: MatrixOrderSyntax;
}

function printStatement(stmt: KStmt, indent: string, lines: string[], printing: Printing): void {
  const { spell, usage, orderAs } = printing;
  const text = (expr: KExpr): string => {
    noteUsage(expr, usage);
    return printExpression(expr, spell);
  };
  if (isMatrixStmt(stmt)) {
    usage.matrix = true;
    if ('matrix' in stmt && stmt.matrix.scalar === 'f16') usage.f16 = true;
    lines.push(`${indent}${printMatrixStmt(stmt, orderAs, spell, text)}`);
    return;
  }
  switch (stmt.kind) {
    case 'let':
      lines.push(`${indent}let ${spell(stmt.name)} = ${text(stmt.value)};`);
      return;
    case 'var':
      if (stmt.type.scalar === 'f16') usage.f16 = true;
      lines.push(
        stmt.value === null
          ? `${indent}var ${spell(stmt.name)}: ${printType(stmt.type)};`
          : `${indent}var ${spell(stmt.name)} = ${text(stmt.value)};`,
      );
      return;
    case 'array':
      if (stmt.element.scalar === 'f16') usage.f16 = true;
      lines.push(`${indent}var ${spell(stmt.name)}: array<${printType(stmt.element)}, ${stmt.length}>;`);
      return;
    case 'assign': {
      const target = stmt.at === null ? spell(stmt.name) : `${spell(stmt.name)}.${components[stmt.at]}`;
      lines.push(`${indent}${assignment(target, text(stmt.value), stmt.value, spell)}`);
      return;
    }
    case 'store': {
      const element = `${spell(stmt.array)}[${text(stmt.index)}]`;
      const target = stmt.at === null ? element : `${element}.${components[stmt.at]}`;
      lines.push(`${indent}${assignment(target, text(stmt.value), stmt.value, spell)}`);
      return;
    }
    case 'if':
      lines.push(`${indent}if (${text(stmt.condition)}) {`);
      for (const inner of stmt.body) printStatement(inner, `${indent}  `, lines, printing);
      lines.push(`${indent}}`);
      return;
    case 'for': {
      const name = spell(stmt.name);
      lines.push(`${indent}for (var ${name} = 0u; ${name} < ${stmt.extent}u; ${name}++) {`);
      for (const inner of stmt.body) printStatement(inner, `${indent}  `, lines, printing);
      lines.push(`${indent}}`);
      return;
    }
    case 'barrier':
      lines.push(`${indent}workgroupBarrier();`);
      return;
  }
}

/** An assignment, written as `x += e` where the value is `x + e`. */
function assignment(target: string, text: string, value: KExpr, spell: Spell): string {
  if (value.kind === 'binary' && value.op === 'add' && text.startsWith(`${target} + `))
    return `${target} += ${printExpression(value.b, spell)};`;
  return `${target} = ${text};`;
}

function noteUsage(expr: KExpr, usage: Usage): void {
  if (expr.type.scalar === 'f16') usage.f16 = true;
  noteNonFinite(expr, usage.nonFinite);
  if (expr.kind === 'builtin') usage[expr.of] = true;
  if (expr.kind === 'subgroup-lane') usage.lane = true;
  if (expr.kind === 'subgroup-lane' || expr.kind === 'exchange') usage.subgroups = true;
  for (const child of childrenOf(expr)) noteUsage(child, usage);
}
