// matmul
enable f16;

@group(0) @binding(0) var<storage, read> A: array<f16, 95>;
@group(0) @binding(1) var<storage, read> B: array<f16, 35>;
@group(0) @binding(2) var<storage, read_write> C: array<f16, 133>;

@compute @workgroup_size(8, 8, 1)
fn main(@builtin(workgroup_id) wg: vec3<u32>, @builtin(local_invocation_id) lid: vec3<u32>) {
  var C_local = 0.0;
  let wg_y = min(wg.y, 2u);
  let A_at = wg_y * 8u + lid.y;
  let A_at_1 = min(A_at, 18u) * 5u;
  let B_at_part = min(lid.x, 6u);
  for (var kk = 0u; kk < 5u; kk++) {
    C_local += f32(A[A_at_1 + kk] * B[B_at_part + kk * 7u]);
  }
  if (A_at < 19u && lid.x < 7u) {
    C[wg_y * 56u + lid.y * 7u + lid.x] = f16(C_local);
  }
}
