import type { z } from 'zod';
import type { Program } from '../ir/nodes.ts';
import { isRefusal, type Refusal, refuse } from '../support/refusal.ts';

/**
 * One primitive, one declaration. JSON form, replay, help and the table in the docs are made from it.
 * `check` looks at the program and returns either a refusal or the site: what it found there, which `apply` then rewrites.
 * `check` throws nothing and builds no text on its way; a refusal's sentence is made only when somebody reads it.
 */
interface PrimitiveDeclaration<Name extends string, Args, Site extends object> {
  readonly name: Name;
  /** What it does, in one sentence. */
  readonly summary: string;
  /** The rewrite: before -> after. */
  readonly rewrite: string;
  /** What Halide and TVM call it; `-` where they have no such thing. */
  readonly halide: string;
  readonly tvm: string;
  readonly args: z.ZodType<Args>;
  check(program: Program, args: Args): Site | Refusal;
  apply(program: Program, site: Site): Program;
  /** The step as code. */
  describe(args: Args): string;
}

/** A primitive as the registry holds it and replay runs it: its name and the type of its arguments are known, its site is closed over. */
export interface Primitive<Name extends string = string, Args = unknown> {
  readonly name: Name;
  readonly summary: string;
  readonly rewrite: string;
  readonly halide: string;
  readonly tvm: string;
  readonly args: z.ZodType<Args>;
  /** Parses the arguments, checks legality and rewrites: the new program, or why not. */
  run(program: Program, args: unknown): Program | Refusal;
  describe(args: unknown): string;
}

export function definePrimitive<const Name extends string, Args, Site extends object>(
  declaration: PrimitiveDeclaration<Name, Args, Site>,
): Primitive<Name, Args> {
  const { name, summary, rewrite, halide, tvm, args: schema } = declaration;
  return {
    name,
    summary,
    rewrite,
    halide,
    tvm,
    args: schema,
    run(program, raw) {
      const parsed = schema.safeParse(raw);
      if (!parsed.success) {
        return refuse('bad-arguments', () => {
          const issue = parsed.error.issues[0];
          return `${name}: argument ${issue?.path.join('.') || '(all)'}: ${issue?.message ?? 'not valid'}`;
        });
      }
      const site = declaration.check(program, parsed.data);
      return isRefusal(site) ? site : declaration.apply(program, site);
    },
    describe(raw) {
      const parsed = schema.safeParse(raw);
      return parsed.success ? declaration.describe(parsed.data) : `${name}(?)`;
    },
  };
}
