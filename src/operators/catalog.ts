import { UserError } from '../support/errors.ts';
import { nearestNames } from '../support/nearest.ts';
import './matmul.ts';
import './gemv.ts';
import './quantized-matmul.ts';
import './conv2d.ts';
import './conv2d-nhwc.ts';
import './depthwise.ts';
import './conv1d.ts';
import './conv-transpose.ts';
import './pool.ts';
import './reduce.ts';
import './reduce-axes.ts';
import './softmax.ts';
import './row-norms.ts';
import './batch-norm.ts';
import './group-norms.ts';
import './lrn.ts';
import './attention.ts';
import './elementwise.ts';
import './transpose.ts';
import './concat.ts';
import './gather.ts';
import './resize.ts';
import './cumsum.ts';
import './glu.ts';
import './rope.ts';
import type { Operator } from './operator.ts';
import { endBuiltIns, registeredOperators } from './registry.ts';

endBuiltIns();

/** Every known operator: those that come with wgtune (the imports above register them), then those that users defined. */
export function listOperators(): readonly Operator[] {
  return registeredOperators();
}

/** The operator of that name; an unknown name is a UserError that lists similar names. */
export function findOperator(name: string): Operator {
  const found = registeredOperators().find((operator) => operator.name === name);
  if (found !== undefined) return found;
  const names = registeredOperators().map((operator) => operator.name);
  const near = nearestNames(name, names);
  const hint = near.length > 0 ? `did you mean ${near.join(' or ')}?` : `the operators are ${names.join(', ')}`;
  throw new UserError(`there is no operator "${name}"; ${hint}`);
}
