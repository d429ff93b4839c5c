// relu
enable f16;

@group(0) @binding(0) var<storage, read> A: array<f16, 999>;
@group(0) @binding(1) var<storage, read> B: array<f16, 999>;
@group(0) @binding(2) var<storage, read_write> Y: array<f16, 999>;

fn maximum_f16(a: f16, b: f16) -> f16 { return select(a, b, (a < b) | ((bitcast<i32>(f32(b)) & 0x7fffffff) > 0x7f800000)); }

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(workgroup_id) wg: vec3<u32>, @builtin(local_invocation_id) lid: vec3<u32>) {
  let index = min(wg.x, 3u) * 256u + lid.x * 4u;
  if (index < 999u) {
    Y[index] = maximum_f16(A[index] * 0.25h + B[index], 0.0h);
  }
  if (index < 998u) {
    Y[index + 1u] = maximum_f16(A[index + 1u] * 0.25h + B[index + 1u], 0.0h);
  }
  if (index < 997u) {
    Y[index + 2u] = maximum_f16(A[index + 2u] * 0.25h + B[index + 2u], 0.0h);
  }
  if (index < 996u) {
    Y[index + 3u] = maximum_f16(A[index + 3u] * 0.25h + B[index + 3u], 0.0h);
  }
}
