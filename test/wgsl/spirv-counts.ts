/** Counts of costly things in a kernel's SPIR-V. */
export interface SpirvCounts {
  /** 64-bit counters (two u32) that Dawn adds to loops it cannot prove finite. */
  readonly guardCounters: number;
  /** Minima of u32 in loops: indices clamped, by our text or by Dawn. */
  readonly clampsInLoops: number;
  /** Divisions and remainders of integers by anything but a constant power of two, in loops. */
  readonly divisionsInLoops: number;
  readonly loops: number;
}

const divides = /= Op(UDiv|UMod|SDiv|SRem|SMod) /;

/**
 * Counts in disassembled SPIR-V. Dawn wraps a division in a function of its own that guards against zero; a call of it counts as the division.
 * Blocks stand in structured order: a loop reaches from its OpLoopMerge to the label that this names.
 */
export function countInSpirv(text: string): SpirvCounts {
  const lines = text.split('\n').map((line) => line.trim());
  const constants = new Map<string, number>();
  const helpers = new Set<string>();
  let current = '';
  for (const line of lines) {
    const constant = /^(%\S+) = OpConstant %u?int (\d+)$/.exec(line);
    if (constant !== null) constants.set(constant[1] as string, Number(constant[2]));
    current = /^(%\S+) = OpFunction /.exec(line)?.[1] ?? current;
    if (divides.test(line)) helpers.add(current);
  }
  const isPower = (operand: string | undefined): boolean => {
    const value = constants.get(operand ?? '');
    return value !== undefined && value > 0 && (value & (value - 1)) === 0;
  };
  let [guardCounters, clampsInLoops, divisionsInLoops, loops] = [0, 0, 0, 0];
  const merges: string[] = [];
  for (const line of lines) {
    const function_ = /^(%\S+) = OpFunction /.exec(line)?.[1];
    if (function_ !== undefined) current = function_;
    if (/= OpVariable %_ptr_Function_v2uint Function/.test(line)) guardCounters++;
    const merge = /^OpLoopMerge (%\S+)/.exec(line)?.[1];
    if (merge !== undefined) {
      merges.push(merge);
      loops++;
    }
    const label = /^(%\S+) = OpLabel/.exec(line)?.[1];
    if (label !== undefined && label === merges.at(-1)) merges.pop();
    if (merges.length === 0) continue;
    if (/= OpExtInst %uint %\S+ UMin /.test(line)) clampsInLoops++;
    const call = /= OpFunctionCall %\S+ (%\S+) %\S+ (%\S+)/.exec(line);
    const direct = divides.test(line) ? line.split(' ').at(-1) : undefined;
    if (call !== null && helpers.has(call[1] as string) && !isPower(call[2])) divisionsInLoops++;
    if (direct !== undefined && !isPower(direct)) divisionsInLoops++;
  }
  return { guardCounters, clampsInLoops, divisionsInLoops, loops };
}
