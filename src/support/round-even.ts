/** The nearest integer, of two that are as near the even one: IEEE 754's rounding, and WGSL's and ONNX's `round`. */
export function roundEven(value: number): number {
  if (!Number.isFinite(value)) return value;
  const below = Math.floor(value);
  const rest = value - below;
  if (rest !== 0.5) return rest < 0.5 ? below : below + 1;
  return below % 2 === 0 ? below : below + 1;
}
