// matmul

@group(0) @binding(0) var<storage, read> A: array<f32, 703>;
@group(0) @binding(1) var<storage, read> B: array<f32, 779>;
@group(0) @binding(2) var<storage, read_write> C: array<f32, 1517>;

var<workgroup> A_shared: array<f32, 32>;
var<workgroup> B_shared: array<f32, 64>;

@compute @workgroup_size(4, 4, 1)
fn main(@builtin(workgroup_id) wg: vec3<u32>, @builtin(local_invocation_id) lid: vec3<u32>) {
  var C_local_0_0 = 0.0;
  var C_local_0_1 = 0.0;
  var C_local_0_2 = 0.0;
  var C_local_0_3 = 0.0;
  var C_local_1_0 = 0.0;
  var C_local_1_1 = 0.0;
  var C_local_1_2 = 0.0;
  var C_local_1_3 = 0.0;
  let index = lid.y * 16u + lid.x * 4u;
  let index_inside = index < 32u;
  let wg_y = min(wg.y, 4u);
  let A_copy_inside = wg_y * 8u + lid.y * 4u + lid.x < 37u;
  let A_at = wg_y * 152u + lid.y * 76u + lid.x * 19u;
  let wg_x = min(wg.x, 2u);
  let B_copy_1 = wg_x * 16u + lid.x * 4u;
  let B_copy_inside_1 = B_copy_1 < 41u;
  let B_at = lid.y * 41u + wg_x * 16u + lid.x * 4u;
  let B_copy_inside_2 = B_copy_1 < 40u;
  let B_copy_inside_3 = B_copy_1 < 39u;
  let B_copy_inside_4 = B_copy_1 < 38u;
  let A_shared_at = lid.y * 8u;
  let B_shared_at = lid.x * 4u;
  for (var k0 = 0u; k0 < 5u; k0++) {
    let A_at_1 = A_at + k0 * 4u;
    if (index_inside) {
      A_shared[index] = select(0.0, A[min(A_at_1, 702u)], A_copy_inside);
      A_shared[index + 1u] = select(0.0, A[min(A_at_1 + 1u, 702u)], A_copy_inside);
      A_shared[index + 2u] = select(0.0, A[min(A_at_1 + 2u, 702u)], A_copy_inside);
      A_shared[index + 3u] = select(0.0, A[min(A_at_1 + 3u, 702u)], A_copy_inside && k0 * 4u < 16u);
    }
    let B_copy_inside = lid.y + k0 * 4u < 19u;
    let B_at_1 = B_at + k0 * 164u;
    B_shared[index] = select(0.0, B[min(B_at_1, 778u)], B_copy_inside && B_copy_inside_1);
    B_shared[index + 1u] = select(0.0, B[min(B_at_1 + 1u, 778u)], B_copy_inside && B_copy_inside_2);
    B_shared[index + 2u] = select(0.0, B[min(B_at_1 + 2u, 778u)], B_copy_inside && B_copy_inside_3);
    B_shared[index + 3u] = select(0.0, B[min(B_at_1 + 3u, 778u)], B_copy_inside && B_copy_inside_4);
    workgroupBarrier();
    let A_shared_value = A_shared[A_shared_at];
    let B_shared_value = B_shared[B_shared_at];
    C_local_0_0 += A_shared_value * B_shared_value;
    let B_shared_value_1 = B_shared[B_shared_at + 1u];
    C_local_0_1 += A_shared_value * B_shared_value_1;
    let B_shared_value_2 = B_shared[B_shared_at + 2u];
    C_local_0_2 += A_shared_value * B_shared_value_2;
    let B_shared_value_3 = B_shared[B_shared_at + 3u];
    C_local_0_3 += A_shared_value * B_shared_value_3;
    let A_shared_value_1 = A_shared[A_shared_at + 4u];
    C_local_1_0 += A_shared_value_1 * B_shared_value;
    C_local_1_1 += A_shared_value_1 * B_shared_value_1;
    C_local_1_2 += A_shared_value_1 * B_shared_value_2;
    C_local_1_3 += A_shared_value_1 * B_shared_value_3;
    let A_shared_value_2 = A_shared[A_shared_at + 1u];
    let B_shared_value_4 = B_shared[B_shared_at + 16u];
    C_local_0_0 += A_shared_value_2 * B_shared_value_4;
    let B_shared_value_5 = B_shared[B_shared_at + 17u];
    C_local_0_1 += A_shared_value_2 * B_shared_value_5;
    let B_shared_value_6 = B_shared[B_shared_at + 18u];
    C_local_0_2 += A_shared_value_2 * B_shared_value_6;
    let B_shared_value_7 = B_shared[B_shared_at + 19u];
    C_local_0_3 += A_shared_value_2 * B_shared_value_7;
    let A_shared_value_3 = A_shared[A_shared_at + 5u];
    C_local_1_0 += A_shared_value_3 * B_shared_value_4;
    C_local_1_1 += A_shared_value_3 * B_shared_value_5;
    C_local_1_2 += A_shared_value_3 * B_shared_value_6;
    C_local_1_3 += A_shared_value_3 * B_shared_value_7;
    let A_shared_value_4 = A_shared[A_shared_at + 2u];
    let B_shared_value_8 = B_shared[B_shared_at + 32u];
    C_local_0_0 += A_shared_value_4 * B_shared_value_8;
    let B_shared_value_9 = B_shared[B_shared_at + 33u];
    C_local_0_1 += A_shared_value_4 * B_shared_value_9;
    let B_shared_value_10 = B_shared[B_shared_at + 34u];
    C_local_0_2 += A_shared_value_4 * B_shared_value_10;
    let B_shared_value_11 = B_shared[B_shared_at + 35u];
    C_local_0_3 += A_shared_value_4 * B_shared_value_11;
    let A_shared_value_5 = A_shared[A_shared_at + 6u];
    C_local_1_0 += A_shared_value_5 * B_shared_value_8;
    C_local_1_1 += A_shared_value_5 * B_shared_value_9;
    C_local_1_2 += A_shared_value_5 * B_shared_value_10;
    C_local_1_3 += A_shared_value_5 * B_shared_value_11;
    let A_shared_value_6 = A_shared[A_shared_at + 3u];
    let B_shared_value_12 = B_shared[B_shared_at + 48u];
    C_local_0_0 += A_shared_value_6 * B_shared_value_12;
    let B_shared_value_13 = B_shared[B_shared_at + 49u];
    C_local_0_1 += A_shared_value_6 * B_shared_value_13;
    let B_shared_value_14 = B_shared[B_shared_at + 50u];
    C_local_0_2 += A_shared_value_6 * B_shared_value_14;
    let B_shared_value_15 = B_shared[B_shared_at + 51u];
    C_local_0_3 += A_shared_value_6 * B_shared_value_15;
    let A_shared_value_7 = A_shared[A_shared_at + 7u];
    C_local_1_0 += A_shared_value_7 * B_shared_value_12;
    C_local_1_1 += A_shared_value_7 * B_shared_value_13;
    C_local_1_2 += A_shared_value_7 * B_shared_value_14;
    C_local_1_3 += A_shared_value_7 * B_shared_value_15;
    workgroupBarrier();
  }
  let index_1 = wg_y * 8u + lid.y * 2u;
  let C_at = wg_y * 328u + lid.y * 82u + wg_x * 16u + lid.x * 4u;
  if (index_1 < 37u) {
    if (B_copy_inside_1) {
      C[C_at] = C_local_0_0;
    }
    if (B_copy_inside_2) {
      C[C_at + 1u] = C_local_0_1;
    }
    if (B_copy_inside_3) {
      C[C_at + 2u] = C_local_0_2;
    }
    if (B_copy_inside_4) {
      C[C_at + 3u] = C_local_0_3;
    }
  }
  if (index_1 < 36u) {
    if (B_copy_inside_1) {
      C[C_at + 41u] = C_local_1_0;
    }
    if (B_copy_inside_2) {
      C[C_at + 42u] = C_local_1_1;
    }
    if (B_copy_inside_3) {
      C[C_at + 43u] = C_local_1_2;
    }
    if (B_copy_inside_4) {
      C[C_at + 44u] = C_local_1_3;
    }
  }
}
