// matmul

@group(0) @binding(0) var<storage, read> A: array<vec4<f32>, 256>;
@group(0) @binding(1) var<storage, read> B: array<vec4<f32>, 256>;
@group(0) @binding(2) var<storage, read_write> C: array<vec4<f32>, 256>;

var<workgroup> A_shared: array<f32, 72>;
var<workgroup> B_shared: array<vec4<f32>, 64>;

@compute @workgroup_size(8, 4, 1)
fn main(@builtin(workgroup_id) wg: vec3<u32>, @builtin(local_invocation_id) lid: vec3<u32>) {
  var C_local_0 = vec4<f32>(0.0);
  var C_local_1 = vec4<f32>(0.0);
  let index_inside = lid.y * 32u + lid.x * 4u < 64u;
  let wg_y = min(wg.y, 3u);
  let A_at_part = lid.x >> 1u;
  let A_at_part_1 = lid.x % 2u;
  let A_at = wg_y * 64u + lid.y * 32u + A_at_part * 8u + A_at_part_1;
  let A_shared_at = lid.y * 36u + A_at_part * 9u + A_at_part_1 * 4u;
  let B_at = lid.y * 8u + lid.x;
  let A_shared_at_1 = lid.y * 18u;
  for (var k0 = 0u; k0 < 4u; k0++) {
    if (index_inside) {
      let A_value = A[A_at + k0 * 2u];
      A_shared[A_shared_at] = A_value.x;
      A_shared[A_shared_at + 1u] = A_value.y;
      A_shared[A_shared_at + 2u] = A_value.z;
      A_shared[A_shared_at + 3u] = A_value.w;
    }
    let B_at_1 = B_at + k0 * 64u;
    B_shared[B_at] = B[B_at_1];
    B_shared[B_at + 32u] = B[B_at_1 + 32u];
    workgroupBarrier();
    let B_shared_value = B_shared[lid.x];
    C_local_0 += A_shared[A_shared_at_1] * B_shared_value;
    C_local_1 += A_shared[A_shared_at_1 + 9u] * B_shared_value;
    let B_shared_value_1 = B_shared[lid.x + 8u];
    C_local_0 += A_shared[A_shared_at_1 + 1u] * B_shared_value_1;
    C_local_1 += A_shared[A_shared_at_1 + 10u] * B_shared_value_1;
    let B_shared_value_2 = B_shared[lid.x + 16u];
    C_local_0 += A_shared[A_shared_at_1 + 2u] * B_shared_value_2;
    C_local_1 += A_shared[A_shared_at_1 + 11u] * B_shared_value_2;
    let B_shared_value_3 = B_shared[lid.x + 24u];
    C_local_0 += A_shared[A_shared_at_1 + 3u] * B_shared_value_3;
    C_local_1 += A_shared[A_shared_at_1 + 12u] * B_shared_value_3;
    let B_shared_value_4 = B_shared[lid.x + 32u];
    C_local_0 += A_shared[A_shared_at_1 + 4u] * B_shared_value_4;
    C_local_1 += A_shared[A_shared_at_1 + 13u] * B_shared_value_4;
    let B_shared_value_5 = B_shared[lid.x + 40u];
    C_local_0 += A_shared[A_shared_at_1 + 5u] * B_shared_value_5;
    C_local_1 += A_shared[A_shared_at_1 + 14u] * B_shared_value_5;
    let B_shared_value_6 = B_shared[lid.x + 48u];
    C_local_0 += A_shared[A_shared_at_1 + 6u] * B_shared_value_6;
    C_local_1 += A_shared[A_shared_at_1 + 15u] * B_shared_value_6;
    let B_shared_value_7 = B_shared[lid.x + 56u];
    C_local_0 += A_shared[A_shared_at_1 + 7u] * B_shared_value_7;
    C_local_1 += A_shared[A_shared_at_1 + 16u] * B_shared_value_7;
    workgroupBarrier();
  }
  let C_at = wg_y * 64u + lid.y * 16u + lid.x;
  C[C_at] = C_local_0;
  C[C_at + 8u] = C_local_1;
}
