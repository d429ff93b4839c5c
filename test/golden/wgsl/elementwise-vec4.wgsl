// relu

@group(0) @binding(0) var<storage, read> A: array<vec4<f32>, 250>;
@group(0) @binding(1) var<storage, read> B: array<vec4<f32>, 250>;
@group(0) @binding(2) var<storage, read_write> Y: array<vec4<f32>, 250>;

fn maximum_vec4(a: vec4<f32>, b: vec4<f32>) -> vec4<f32> { return select(a, b, (a < b) | ((bitcast<vec4<i32>>(b) & vec4<i32>(0x7fffffff)) > vec4<i32>(0x7f800000))); }

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(workgroup_id) wg: vec3<u32>, @builtin(local_invocation_id) lid: vec3<u32>) {
  let wg_x = min(wg.x, 3u);
  let A_at = wg_x * 64u + lid.x;
  if (wg_x * 256u + lid.x * 4u < 1000u) {
    Y[A_at] = maximum_vec4(A[A_at] * 0.25 + B[A_at], vec4<f32>(0.0));
  }
}
