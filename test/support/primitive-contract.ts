import { describe, expect, test } from 'vitest';
import type { Program } from '../../src/ir/nodes.ts';
import { findPrimitive } from '../../src/schedule/primitives/registry.ts';
import { expectRoundTrip, expectSameResult, refusal, type Step, scheduled } from './schedule.ts';

export interface Example {
  readonly program: () => Program;
  readonly steps: readonly Step[];
  /** The trace as code. */
  readonly code: string;
  /** Digits that must agree; null (the default) asks for equality. */
  readonly digits?: number | null;
}
export interface RefusalCase {
  readonly title: string;
  readonly program: () => Program;
  readonly steps: readonly Step[];
  readonly message: string;
}

/** What holds for every primitive: it keeps the meaning, its trace survives JSON, and its refusals say what is wrong. */
export function primitiveContract(name: string, examples: readonly Example[], refusals: readonly RefusalCase[]): void {
  describe('keeps the result', () => {
    test.each(examples)('$code', ({ program, steps, digits }) => {
      expectSameResult(scheduled(program(), steps), program(), digits ?? null);
    });
  });
  describe('its trace comes back from JSON and replays', () => {
    test.each(examples)('$code', ({ program, steps, code }) => {
      expectRoundTrip(program(), steps, code);
    });
  });
  describe('refuses', () => {
    test.each(refusals)('$title', ({ program, steps, message }) => {
      expect(steps.at(-1)?.[0]).toBe(name);
      expect(refusal(program(), steps)).toBe(message);
    });
  });
  test('the examples use it, and it is documented', () => {
    for (const { steps } of examples) expect(steps.some(([primitive]) => primitive === name)).toBe(true);
    const primitive = findPrimitive(name);
    expect(primitive?.summary).toMatch(/^[A-Z].*\.$/);
    expect(primitive?.rewrite).toContain('->');
  });
}
