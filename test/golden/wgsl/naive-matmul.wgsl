// matmul

@group(0) @binding(0) var<storage, read> A: array<f32, 2048>;
@group(0) @binding(1) var<storage, read> B: array<f32, 1536>;
@group(0) @binding(2) var<storage, read_write> C: array<f32, 3072>;

@compute @workgroup_size(8, 8, 1)
fn main(@builtin(workgroup_id) wg: vec3<u32>, @builtin(local_invocation_id) lid: vec3<u32>) {
  var C_local = 0.0;
  let wg_y = min(wg.y, 7u);
  let A_at = wg_y * 256u + lid.y * 32u;
  let wg_x = min(wg.x, 5u);
  let B_at = wg_x * 8u + lid.x;
  for (var kk = 0u; kk < 32u; kk++) {
    C_local += A[A_at + kk] * B[B_at + kk * 48u];
  }
  C[wg_y * 384u + lid.y * 48u + wg_x * 8u + lid.x] = C_local;
}
