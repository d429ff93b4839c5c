// matmul

@group(0) @binding(0) var<storage, read> A: array<vec4<f32>, 256>;
@group(0) @binding(1) var<storage, read> B: array<vec4<f32>, 256>;
@group(0) @binding(2) var<storage, read_write> C: array<vec4<f32>, 256>;

var<workgroup> A_shared: array<vec4<f32>, 16>;
var<workgroup> B_shared: array<vec4<f32>, 32>;

@compute @workgroup_size(4, 4, 1)
fn main(@builtin(workgroup_id) wg: vec3<u32>, @builtin(local_invocation_id) lid: vec3<u32>) {
  let index_inside = lid.y * 16u + lid.x * 4u < 32u;
  let wg_y = min(wg.y, 3u);
  let A_at = wg_y * 64u + lid.y * 32u + lid.x * 8u;
  let A_shared_at = lid.y * 4u + lid.x;
  if (index_inside) {
    A_shared[A_shared_at] = A[A_at];
  }
  let wg_x = min(wg.x, 1u);
  let B_at = lid.y * 8u + wg_x * 4u + lid.x;
  B_shared[A_shared_at] = B[B_at];
  var C_local_0 = vec4<f32>(0.0);
  var C_local_1 = vec4<f32>(0.0);
  workgroupBarrier();
  let A_shared_at_2 = lid.y * 2u;
  for (var k0 = 0u; k0 < 8u; k0++) {
    let A_shared_at_part = (k0 + 1u) % 2u;
    if (k0 < 7u) {
      if (index_inside) {
        A_shared[A_shared_at + A_shared_at_part * 8u] = A[A_at + k0 + 1u];
      }
      B_shared[A_shared_at + A_shared_at_part * 16u] = B[B_at + k0 * 32u + 32u];
    }
    let A_shared_at_part_1 = k0 % 2u;
    let A_shared_at_3 = A_shared_at_2 + A_shared_at_part_1 * 8u;
    let A_shared_value = A_shared[A_shared_at_3];
    let B_shared_at_1 = lid.x + A_shared_at_part_1 * 16u;
    let B_shared_value = B_shared[B_shared_at_1];
    C_local_0 += A_shared_value.x * B_shared_value;
    let A_shared_value_1 = A_shared[A_shared_at_3 + 1u];
    C_local_1 += A_shared_value_1.x * B_shared_value;
    let B_shared_value_1 = B_shared[B_shared_at_1 + 4u];
    C_local_0 += A_shared_value.y * B_shared_value_1;
    C_local_1 += A_shared_value_1.y * B_shared_value_1;
    let B_shared_value_2 = B_shared[B_shared_at_1 + 8u];
    C_local_0 += A_shared_value.z * B_shared_value_2;
    C_local_1 += A_shared_value_1.z * B_shared_value_2;
    let B_shared_value_3 = B_shared[B_shared_at_1 + 12u];
    C_local_0 += A_shared_value.w * B_shared_value_3;
    C_local_1 += A_shared_value_1.w * B_shared_value_3;
    workgroupBarrier();
  }
  let C_at = wg_y * 64u + lid.y * 16u + wg_x * 4u + lid.x;
  C[C_at] = C_local_0;
  C[C_at + 8u] = C_local_1;
}
