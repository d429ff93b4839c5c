import { z } from 'zod';

/** Argument schemas that primitives share. Names are short and plain, because traces also come from strangers. */
export const nameArg = z
  .string()
  .min(1)
  .max(200)
  .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'expected a name: letters, digits, _');
export const factorArg = z
  .int()
  .min(1)
  .max(2 ** 31 - 1);
export const scopeArg = z.enum(['workgroup', 'subgroup', 'private']);
