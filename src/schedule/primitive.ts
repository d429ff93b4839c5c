import type { z } from 'zod';
import type { Program } from '../ir/nodes.ts';
import { isRefusal, type Refusal, refuse } from '../support/refusal.ts';

/**
 * The one declaration of a primitive. JSON form, replay, help and the table in the docs are made from it.
 * `check` looks at the program and returns either a refusal or the site: what it found there and `apply` then rewrites.
 * `check` throws nothing and builds no text; a refusal's sentence is made only when somebody reads it.
 */
interface PrimitiveDeclaration<Name extends string, Args, Site extends object> {
  readonly name: Name;
  /** What it does, in one sentence. */
  readonly summary: string;
  /** The rewrite: before -> after. */
  readonly rewrite: string;
  /** The name of the primitive in Halide and TVM; `-` where they have none. */
  readonly halide: string;
  readonly tvm: string;
  readonly args: z.ZodType<Args>;
  check(program: Program, args: Args): Site | Refusal;
  apply(program: Program, site: Site): Program;
  /** The step as code. */
  describe(args: Args): string;
}

/** A primitive as the registry holds it and replay runs it: the types of its name and arguments are known, the type of its site is hidden. */
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
