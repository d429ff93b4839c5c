// matmul

@group(0) @binding(0) var<storage, read> A: array<f32, 703>;
@group(0) @binding(1) var<storage, read> B: array<f32, 779>;
@group(0) @binding(2) var<storage, read_write> C: array<f32, 1517>;

var<workgroup> A_shared: array<f32, 32>;
var<workgroup> B_shared: array<vec4<f32>, 16>;

@compute @workgroup_size(4, 4, 1)
fn main(@builtin(workgroup_id) wg: vec3<u32>, @builtin(local_invocation_id) lid: vec3<u32>) {
  if (wg.x < 2u && wg.y < 3u) {
    var C_local_0 = vec4<f32>(0.0);
    var C_local_1 = vec4<f32>(0.0);
    let index = lid.y * 16u + lid.x * 4u;
    let index_inside = index < 32u;
    let wg_y = min(wg.y, 2u);
    let A_at = wg_y * 152u + lid.y * 76u + lid.x * 19u;
    let wg_x = min(wg.x, 1u);
    let B_at = lid.y * 41u + wg_x * 16u + lid.x * 4u;
    let B_shared_at = lid.y * 4u + lid.x;
    let A_shared_at = lid.y * 8u;
    for (var k0 = 0u; k0 < 5u; k0++) {
      let A_at_1 = A_at + k0 * 4u;
      if (index_inside) {
        A_shared[index] = A[min(A_at_1, 702u)];
        A_shared[index + 1u] = A[min(A_at_1 + 1u, 702u)];
        A_shared[index + 2u] = A[min(A_at_1 + 2u, 702u)];
        A_shared[index + 3u] = select(0.0, A[min(A_at_1 + 3u, 702u)], k0 * 4u < 16u);
      }
      let B_at_1 = B_at + k0 * 164u;
      B_shared[B_shared_at] = select(vec4<f32>(0.0), vec4<f32>(B[min(B_at_1, 778u)], B[min(B_at_1 + 1u, 778u)], B[min(B_at_1 + 2u, 778u)], B[min(B_at_1 + 3u, 778u)]), lid.y + k0 * 4u < 19u);
      workgroupBarrier();
      let B_shared_value = B_shared[lid.x];
      C_local_0 += A_shared[A_shared_at] * B_shared_value;
      C_local_1 += A_shared[A_shared_at + 4u] * B_shared_value;
      let B_shared_value_1 = B_shared[lid.x + 4u];
      C_local_0 += A_shared[A_shared_at + 1u] * B_shared_value_1;
      C_local_1 += A_shared[A_shared_at + 5u] * B_shared_value_1;
      let B_shared_value_2 = B_shared[lid.x + 8u];
      C_local_0 += A_shared[A_shared_at + 2u] * B_shared_value_2;
      C_local_1 += A_shared[A_shared_at + 6u] * B_shared_value_2;
      let B_shared_value_3 = B_shared[lid.x + 12u];
      C_local_0 += A_shared[A_shared_at + 3u] * B_shared_value_3;
      C_local_1 += A_shared[A_shared_at + 7u] * B_shared_value_3;
      workgroupBarrier();
    }
    let C_at = wg_y * 328u + lid.y * 82u + wg_x * 16u + lid.x * 4u;
    C[C_at] = C_local_0.x;
    C[C_at + 1u] = C_local_0.y;
    C[C_at + 2u] = C_local_0.z;
    C[C_at + 3u] = C_local_0.w;
    C[C_at + 41u] = C_local_1.x;
    C[C_at + 42u] = C_local_1.y;
    C[C_at + 43u] = C_local_1.z;
    C[C_at + 44u] = C_local_1.w;
  }
  if (wg.x >= 2u && wg.y < 3u) {
    var C_local_0: vec4<f32>;
    C_local_0.x = 0.0;
    C_local_0.y = 0.0;
    C_local_0.z = 0.0;
    C_local_0.w = 0.0;
    var C_local_1: vec4<f32>;
    C_local_1.x = 0.0;
    C_local_1.y = 0.0;
    C_local_1.z = 0.0;
    C_local_1.w = 0.0;
    let index = lid.y * 16u + lid.x * 4u;
    let index_inside = index < 32u;
    let wg_y = min(wg.y, 2u);
    let A_at = wg_y * 152u + lid.y * 76u + lid.x * 19u;
    let index_1 = lid.x * 4u;
    let index_inside_1 = index_1 < 9u;
    let B_at = lid.y * 41u + lid.x * 4u;
    let B_shared_at = lid.y * 4u + lid.x;
    let index_inside_2 = index_1 < 8u;
    let index_inside_3 = index_1 < 7u;
    let index_inside_4 = index_1 < 6u;
    let A_shared_at = lid.y * 8u;
    for (var k0_rest = 0u; k0_rest < 5u; k0_rest++) {
      let A_at_1 = A_at + k0_rest * 4u;
      let A_copy_rest_inside = k0_rest * 4u < 16u;
      if (index_inside) {
        A_shared[index] = A[min(A_at_1, 702u)];
        A_shared[index + 1u] = A[min(A_at_1 + 1u, 702u)];
        A_shared[index + 2u] = A[min(A_at_1 + 2u, 702u)];
        A_shared[index + 3u] = select(0.0, A[min(A_at_1 + 3u, 702u)], A_copy_rest_inside);
      }
      let B_copy_rest_inside = lid.y + k0_rest * 4u < 19u;
      let B_at_1 = B_at + k0_rest * 164u;
      if (index_inside_1) {
        B_shared[B_shared_at].x = select(0.0, B[min(B_at_1 + 32u, 778u)], B_copy_rest_inside);
      }
      if (index_inside_2) {
        B_shared[B_shared_at].y = select(0.0, B[min(B_at_1 + 33u, 778u)], B_copy_rest_inside);
      }
      if (index_inside_3) {
        B_shared[B_shared_at].z = select(0.0, B[min(B_at_1 + 34u, 778u)], B_copy_rest_inside);
      }
      if (index_inside_4) {
        B_shared[B_shared_at].w = select(0.0, B[min(B_at_1 + 35u, 778u)], B_copy_rest_inside);
      }
      workgroupBarrier();
      let A_shared_value = A_shared[A_shared_at];
      let B_shared_value = B_shared[lid.x];
      C_local_0.x += A_shared_value * B_shared_value.x;
      C_local_0.y += A_shared_value * B_shared_value.y;
      C_local_0.z += A_shared_value * B_shared_value.z;
      C_local_0.w += A_shared_value * B_shared_value.w;
      let A_shared_value_1 = A_shared[A_shared_at + 4u];
      C_local_1.x += A_shared_value_1 * B_shared_value.x;
      C_local_1.y += A_shared_value_1 * B_shared_value.y;
      C_local_1.z += A_shared_value_1 * B_shared_value.z;
      C_local_1.w += A_shared_value_1 * B_shared_value.w;
      let A_shared_value_2 = A_shared[A_shared_at + 1u];
      let B_shared_value_1 = B_shared[lid.x + 4u];
      C_local_0.x += A_shared_value_2 * B_shared_value_1.x;
      C_local_0.y += A_shared_value_2 * B_shared_value_1.y;
      C_local_0.z += A_shared_value_2 * B_shared_value_1.z;
      C_local_0.w += A_shared_value_2 * B_shared_value_1.w;
      let A_shared_value_3 = A_shared[A_shared_at + 5u];
      C_local_1.x += A_shared_value_3 * B_shared_value_1.x;
      C_local_1.y += A_shared_value_3 * B_shared_value_1.y;
      C_local_1.z += A_shared_value_3 * B_shared_value_1.z;
      C_local_1.w += A_shared_value_3 * B_shared_value_1.w;
      let A_shared_value_4 = A_shared[A_shared_at + 2u];
      let B_shared_value_2 = B_shared[lid.x + 8u];
      C_local_0.x += A_shared_value_4 * B_shared_value_2.x;
      C_local_0.y += A_shared_value_4 * B_shared_value_2.y;
      C_local_0.z += A_shared_value_4 * B_shared_value_2.z;
      C_local_0.w += A_shared_value_4 * B_shared_value_2.w;
      let A_shared_value_5 = A_shared[A_shared_at + 6u];
      C_local_1.x += A_shared_value_5 * B_shared_value_2.x;
      C_local_1.y += A_shared_value_5 * B_shared_value_2.y;
      C_local_1.z += A_shared_value_5 * B_shared_value_2.z;
      C_local_1.w += A_shared_value_5 * B_shared_value_2.w;
      if (A_copy_rest_inside) {
        let A_shared_value_6 = A_shared[A_shared_at + 3u];
        let B_shared_value_3 = B_shared[lid.x + 12u];
        C_local_0.x += A_shared_value_6 * B_shared_value_3.x;
        C_local_0.y += A_shared_value_6 * B_shared_value_3.y;
        C_local_0.z += A_shared_value_6 * B_shared_value_3.z;
        C_local_0.w += A_shared_value_6 * B_shared_value_3.w;
        let A_shared_value_7 = A_shared[A_shared_at + 7u];
        C_local_1.x += A_shared_value_7 * B_shared_value_3.x;
        C_local_1.y += A_shared_value_7 * B_shared_value_3.y;
        C_local_1.z += A_shared_value_7 * B_shared_value_3.z;
        C_local_1.w += A_shared_value_7 * B_shared_value_3.w;
      }
      workgroupBarrier();
    }
    let C_at = wg_y * 328u + lid.y * 82u + lid.x * 4u;
    if (index_inside_1) {
      C[C_at + 32u] = C_local_0.x;
    }
    if (index_inside_2) {
      C[C_at + 33u] = C_local_0.y;
    }
    if (index_inside_3) {
      C[C_at + 34u] = C_local_0.z;
    }
    if (index_inside_4) {
      C[C_at + 35u] = C_local_0.w;
    }
    if (index_inside_1) {
      C[C_at + 73u] = C_local_1.x;
    }
    if (index_inside_2) {
      C[C_at + 74u] = C_local_1.y;
    }
    if (index_inside_3) {
      C[C_at + 75u] = C_local_1.z;
    }
    if (index_inside_4) {
      C[C_at + 76u] = C_local_1.w;
    }
  }
  if (wg.x < 2u && wg.y >= 3u) {
    var C_local_0 = vec4<f32>(0.0);
    var C_local_1 = vec4<f32>(0.0);
    let index = lid.y * 16u + lid.x * 4u;
    let index_inside = index < 32u;
    let wg_y = max(min(wg.y, 4u), 3u);
    let A_copy_rest_1_inside = wg_y * 8u + lid.y * 4u + lid.x < 37u;
    let A_at = wg_y * 152u + lid.y * 76u + lid.x * 19u;
    let wg_x = min(wg.x, 1u);
    let B_at = lid.y * 41u + wg_x * 16u + lid.x * 4u;
    let B_shared_at = lid.y * 4u + lid.x;
    let A_shared_at = lid.y * 8u;
    for (var k0_rest_1 = 0u; k0_rest_1 < 5u; k0_rest_1++) {
      let A_at_1 = A_at + k0_rest_1 * 4u;
      if (index_inside) {
        A_shared[index] = select(0.0, A[min(A_at_1, 702u)], A_copy_rest_1_inside);
        A_shared[index + 1u] = select(0.0, A[min(A_at_1 + 1u, 702u)], A_copy_rest_1_inside);
        A_shared[index + 2u] = select(0.0, A[min(A_at_1 + 2u, 702u)], A_copy_rest_1_inside);
        A_shared[index + 3u] = select(0.0, A[min(A_at_1 + 3u, 702u)], A_copy_rest_1_inside && k0_rest_1 * 4u < 16u);
      }
      let B_at_1 = B_at + k0_rest_1 * 164u;
      B_shared[B_shared_at] = select(vec4<f32>(0.0), vec4<f32>(B[min(B_at_1, 778u)], B[min(B_at_1 + 1u, 778u)], B[min(B_at_1 + 2u, 778u)], B[min(B_at_1 + 3u, 778u)]), lid.y + k0_rest_1 * 4u < 19u);
      workgroupBarrier();
      let B_shared_value = B_shared[lid.x];
      C_local_0 += A_shared[A_shared_at] * B_shared_value;
      C_local_1 += A_shared[A_shared_at + 4u] * B_shared_value;
      let B_shared_value_1 = B_shared[lid.x + 4u];
      C_local_0 += A_shared[A_shared_at + 1u] * B_shared_value_1;
      C_local_1 += A_shared[A_shared_at + 5u] * B_shared_value_1;
      let B_shared_value_2 = B_shared[lid.x + 8u];
      C_local_0 += A_shared[A_shared_at + 2u] * B_shared_value_2;
      C_local_1 += A_shared[A_shared_at + 6u] * B_shared_value_2;
      let B_shared_value_3 = B_shared[lid.x + 12u];
      C_local_0 += A_shared[A_shared_at + 3u] * B_shared_value_3;
      C_local_1 += A_shared[A_shared_at + 7u] * B_shared_value_3;
      workgroupBarrier();
    }
    let index_1 = wg_y * 8u + lid.y * 2u;
    let C_at = wg_y * 328u + lid.y * 82u + wg_x * 16u + lid.x * 4u;
    if (index_1 < 37u) {
      C[C_at] = C_local_0.x;
      C[C_at + 1u] = C_local_0.y;
      C[C_at + 2u] = C_local_0.z;
      C[C_at + 3u] = C_local_0.w;
    }
    if (index_1 < 36u) {
      C[C_at + 41u] = C_local_1.x;
      C[C_at + 42u] = C_local_1.y;
      C[C_at + 43u] = C_local_1.z;
      C[C_at + 44u] = C_local_1.w;
    }
  }
  if (wg.x >= 2u && wg.y >= 3u) {
    var C_local_0: vec4<f32>;
    C_local_0.x = 0.0;
    C_local_0.y = 0.0;
    C_local_0.z = 0.0;
    C_local_0.w = 0.0;
    var C_local_1: vec4<f32>;
    C_local_1.x = 0.0;
    C_local_1.y = 0.0;
    C_local_1.z = 0.0;
    C_local_1.w = 0.0;
    let index = lid.y * 16u + lid.x * 4u;
    let index_inside = index < 32u;
    let wg_y = max(min(wg.y, 4u), 3u);
    let A_copy_rest_rest_inside = wg_y * 8u + lid.y * 4u + lid.x < 37u;
    let A_at = wg_y * 152u + lid.y * 76u + lid.x * 19u;
    let index_1 = lid.x * 4u;
    let index_inside_1 = index_1 < 9u;
    let B_at = lid.y * 41u + lid.x * 4u;
    let B_shared_at = lid.y * 4u + lid.x;
    let index_inside_2 = index_1 < 8u;
    let index_inside_3 = index_1 < 7u;
    let index_inside_4 = index_1 < 6u;
    let A_shared_at = lid.y * 8u;
    for (var k0_rest_rest = 0u; k0_rest_rest < 5u; k0_rest_rest++) {
      let A_at_1 = A_at + k0_rest_rest * 4u;
      let A_copy_rest_rest_inside_1 = k0_rest_rest * 4u < 16u;
      if (index_inside) {
        A_shared[index] = select(0.0, A[min(A_at_1, 702u)], A_copy_rest_rest_inside);
        A_shared[index + 1u] = select(0.0, A[min(A_at_1 + 1u, 702u)], A_copy_rest_rest_inside);
        A_shared[index + 2u] = select(0.0, A[min(A_at_1 + 2u, 702u)], A_copy_rest_rest_inside);
        A_shared[index + 3u] = select(0.0, A[min(A_at_1 + 3u, 702u)], A_copy_rest_rest_inside && A_copy_rest_rest_inside_1);
      }
      let B_copy_rest_rest_inside = lid.y + k0_rest_rest * 4u < 19u;
      let B_at_1 = B_at + k0_rest_rest * 164u;
      if (index_inside_1) {
        B_shared[B_shared_at].x = select(0.0, B[min(B_at_1 + 32u, 778u)], B_copy_rest_rest_inside);
      }
      if (index_inside_2) {
        B_shared[B_shared_at].y = select(0.0, B[min(B_at_1 + 33u, 778u)], B_copy_rest_rest_inside);
      }
      if (index_inside_3) {
        B_shared[B_shared_at].z = select(0.0, B[min(B_at_1 + 34u, 778u)], B_copy_rest_rest_inside);
      }
      if (index_inside_4) {
        B_shared[B_shared_at].w = select(0.0, B[min(B_at_1 + 35u, 778u)], B_copy_rest_rest_inside);
      }
      workgroupBarrier();
      let A_shared_value = A_shared[A_shared_at];
      let B_shared_value = B_shared[lid.x];
      C_local_0.x += A_shared_value * B_shared_value.x;
      C_local_0.y += A_shared_value * B_shared_value.y;
      C_local_0.z += A_shared_value * B_shared_value.z;
      C_local_0.w += A_shared_value * B_shared_value.w;
      let A_shared_value_1 = A_shared[A_shared_at + 4u];
      C_local_1.x += A_shared_value_1 * B_shared_value.x;
      C_local_1.y += A_shared_value_1 * B_shared_value.y;
      C_local_1.z += A_shared_value_1 * B_shared_value.z;
      C_local_1.w += A_shared_value_1 * B_shared_value.w;
      let A_shared_value_2 = A_shared[A_shared_at + 1u];
      let B_shared_value_1 = B_shared[lid.x + 4u];
      C_local_0.x += A_shared_value_2 * B_shared_value_1.x;
      C_local_0.y += A_shared_value_2 * B_shared_value_1.y;
      C_local_0.z += A_shared_value_2 * B_shared_value_1.z;
      C_local_0.w += A_shared_value_2 * B_shared_value_1.w;
      let A_shared_value_3 = A_shared[A_shared_at + 5u];
      C_local_1.x += A_shared_value_3 * B_shared_value_1.x;
      C_local_1.y += A_shared_value_3 * B_shared_value_1.y;
      C_local_1.z += A_shared_value_3 * B_shared_value_1.z;
      C_local_1.w += A_shared_value_3 * B_shared_value_1.w;
      let A_shared_value_4 = A_shared[A_shared_at + 2u];
      let B_shared_value_2 = B_shared[lid.x + 8u];
      C_local_0.x += A_shared_value_4 * B_shared_value_2.x;
      C_local_0.y += A_shared_value_4 * B_shared_value_2.y;
      C_local_0.z += A_shared_value_4 * B_shared_value_2.z;
      C_local_0.w += A_shared_value_4 * B_shared_value_2.w;
      let A_shared_value_5 = A_shared[A_shared_at + 6u];
      C_local_1.x += A_shared_value_5 * B_shared_value_2.x;
      C_local_1.y += A_shared_value_5 * B_shared_value_2.y;
      C_local_1.z += A_shared_value_5 * B_shared_value_2.z;
      C_local_1.w += A_shared_value_5 * B_shared_value_2.w;
      if (A_copy_rest_rest_inside_1) {
        let A_shared_value_6 = A_shared[A_shared_at + 3u];
        let B_shared_value_3 = B_shared[lid.x + 12u];
        C_local_0.x += A_shared_value_6 * B_shared_value_3.x;
        C_local_0.y += A_shared_value_6 * B_shared_value_3.y;
        C_local_0.z += A_shared_value_6 * B_shared_value_3.z;
        C_local_0.w += A_shared_value_6 * B_shared_value_3.w;
        let A_shared_value_7 = A_shared[A_shared_at + 7u];
        C_local_1.x += A_shared_value_7 * B_shared_value_3.x;
        C_local_1.y += A_shared_value_7 * B_shared_value_3.y;
        C_local_1.z += A_shared_value_7 * B_shared_value_3.z;
        C_local_1.w += A_shared_value_7 * B_shared_value_3.w;
      }
      workgroupBarrier();
    }
    let index_2 = wg_y * 8u + lid.y * 2u;
    let C_at = wg_y * 328u + lid.y * 82u + lid.x * 4u;
    if (index_2 < 37u) {
      if (index_inside_1) {
        C[C_at + 32u] = C_local_0.x;
      }
      if (index_inside_2) {
        C[C_at + 33u] = C_local_0.y;
      }
      if (index_inside_3) {
        C[C_at + 34u] = C_local_0.z;
      }
      if (index_inside_4) {
        C[C_at + 35u] = C_local_0.w;
      }
    }
    if (index_2 < 36u) {
      if (index_inside_1) {
        C[C_at + 73u] = C_local_1.x;
      }
      if (index_inside_2) {
        C[C_at + 74u] = C_local_1.y;
      }
      if (index_inside_3) {
        C[C_at + 75u] = C_local_1.z;
      }
      if (index_inside_4) {
        C[C_at + 76u] = C_local_1.w;
      }
    }
  }
}
