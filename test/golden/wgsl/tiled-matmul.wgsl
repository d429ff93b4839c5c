// matmul

@group(0) @binding(0) var<storage, read> A: array<vec4<f32>, 1024>;
@group(0) @binding(1) var<storage, read> B: array<vec4<f32>, 1024>;
@group(0) @binding(2) var<storage, read_write> C: array<vec4<f32>, 1024>;

var<workgroup> A_shared: array<vec4<f32>, 64>;
var<workgroup> B_shared: array<vec4<f32>, 64>;

@compute @workgroup_size(8, 8, 1)
fn main(@builtin(workgroup_id) wg: vec3<u32>, @builtin(local_invocation_id) lid: vec3<u32>) {
  var C_local_0 = vec4<f32>(0.0);
  var C_local_1 = vec4<f32>(0.0);
  var C_local_2 = vec4<f32>(0.0);
  var C_local_3 = vec4<f32>(0.0);
  let wg_y = min(wg.y, 1u);
  let A_at = wg_y * 512u + lid.y * 64u + (lid.x >> 1u) * 16u + lid.x % 2u;
  let A_shared_at = lid.y * 8u + lid.x;
  let wg_x = min(wg.x, 1u);
  let B_at = lid.y * 16u + wg_x * 8u + lid.x;
  let A_shared_at_1 = lid.y * 8u;
  for (var k0 = 0u; k0 < 8u; k0++) {
    A_shared[A_shared_at] = A[A_at + k0 * 2u];
    B_shared[A_shared_at] = B[B_at + k0 * 128u];
    workgroupBarrier();
    let A_shared_value = A_shared[A_shared_at_1];
    let B_shared_value = B_shared[lid.x];
    C_local_0 += A_shared_value.x * B_shared_value;
    let A_shared_value_1 = A_shared[A_shared_at_1 + 2u];
    C_local_1 += A_shared_value_1.x * B_shared_value;
    let A_shared_value_2 = A_shared[A_shared_at_1 + 4u];
    C_local_2 += A_shared_value_2.x * B_shared_value;
    let A_shared_value_3 = A_shared[A_shared_at_1 + 6u];
    C_local_3 += A_shared_value_3.x * B_shared_value;
    let B_shared_value_1 = B_shared[lid.x + 8u];
    C_local_0 += A_shared_value.y * B_shared_value_1;
    C_local_1 += A_shared_value_1.y * B_shared_value_1;
    C_local_2 += A_shared_value_2.y * B_shared_value_1;
    C_local_3 += A_shared_value_3.y * B_shared_value_1;
    let B_shared_value_2 = B_shared[lid.x + 16u];
    C_local_0 += A_shared_value.z * B_shared_value_2;
    C_local_1 += A_shared_value_1.z * B_shared_value_2;
    C_local_2 += A_shared_value_2.z * B_shared_value_2;
    C_local_3 += A_shared_value_3.z * B_shared_value_2;
    let B_shared_value_3 = B_shared[lid.x + 24u];
    C_local_0 += A_shared_value.w * B_shared_value_3;
    C_local_1 += A_shared_value_1.w * B_shared_value_3;
    C_local_2 += A_shared_value_2.w * B_shared_value_3;
    C_local_3 += A_shared_value_3.w * B_shared_value_3;
    let A_shared_value_4 = A_shared[A_shared_at_1 + 1u];
    let B_shared_value_4 = B_shared[lid.x + 32u];
    C_local_0 += A_shared_value_4.x * B_shared_value_4;
    let A_shared_value_5 = A_shared[A_shared_at_1 + 3u];
    C_local_1 += A_shared_value_5.x * B_shared_value_4;
    let A_shared_value_6 = A_shared[A_shared_at_1 + 5u];
    C_local_2 += A_shared_value_6.x * B_shared_value_4;
    let A_shared_value_7 = A_shared[A_shared_at_1 + 7u];
    C_local_3 += A_shared_value_7.x * B_shared_value_4;
    let B_shared_value_5 = B_shared[lid.x + 40u];
    C_local_0 += A_shared_value_4.y * B_shared_value_5;
    C_local_1 += A_shared_value_5.y * B_shared_value_5;
    C_local_2 += A_shared_value_6.y * B_shared_value_5;
    C_local_3 += A_shared_value_7.y * B_shared_value_5;
    let B_shared_value_6 = B_shared[lid.x + 48u];
    C_local_0 += A_shared_value_4.z * B_shared_value_6;
    C_local_1 += A_shared_value_5.z * B_shared_value_6;
    C_local_2 += A_shared_value_6.z * B_shared_value_6;
    C_local_3 += A_shared_value_7.z * B_shared_value_6;
    let B_shared_value_7 = B_shared[lid.x + 56u];
    C_local_0 += A_shared_value_4.w * B_shared_value_7;
    C_local_1 += A_shared_value_5.w * B_shared_value_7;
    C_local_2 += A_shared_value_6.w * B_shared_value_7;
    C_local_3 += A_shared_value_7.w * B_shared_value_7;
    workgroupBarrier();
  }
  let C_at = wg_y * 512u + lid.y * 64u + wg_x * 8u + lid.x;
  C[C_at] = C_local_0;
  C[C_at + 16u] = C_local_1;
  C[C_at + 32u] = C_local_2;
  C[C_at + 48u] = C_local_3;
}
