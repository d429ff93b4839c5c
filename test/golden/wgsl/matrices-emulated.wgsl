// matmul

@group(0) @binding(0) var<storage, read> A: array<f32, 256>;
@group(0) @binding(1) var<storage, read> B: array<f32, 512>;
@group(0) @binding(2) var<storage, read_write> C: array<f32, 512>;

var<workgroup> C_workgroup: array<f32, 128>;

@compute @workgroup_size(8, 2, 1)
fn main(@builtin(workgroup_id) wg: vec3<u32>, @builtin(local_invocation_id) lid: vec3<u32>) {
  let C_workgroup_at = lid.y * 8u + lid.x;
  for (var matmul_vi_1_init = 0u; matmul_vi_1_init < 64u; matmul_vi_1_init++) {
    C_workgroup[C_workgroup_at + (matmul_vi_1_init >> 3u) * 16u] = 0.0;
  }
  let wg_y = min(wg.y, 1u);
  let A_at = wg_y * 128u;
  let wg_x = min(wg.x, 1u);
  let B_at = wg_x * 16u + lid.y * 8u + lid.x;
  for (var matmul_vk_0 = 0u; matmul_vk_0 < 2u; matmul_vk_0++) {
    let A_at_1 = A_at + matmul_vk_0 * 8u;
    let B_at_1 = B_at + matmul_vk_0 * 256u;
    for (var matmul_vi_1 = 0u; matmul_vi_1 < 64u; matmul_vi_1++) {
      let C_workgroup_at_part_1 = matmul_vi_1 >> 3u;
      let C_workgroup_at_2 = C_workgroup_at + C_workgroup_at_part_1 * 16u;
      let A_at_part = matmul_vi_1 % 8u;
      C_workgroup[C_workgroup_at_2] += A[A_at_1 + C_workgroup_at_part_1 * 16u + A_at_part] * B[B_at_1 + A_at_part * 32u];
    }
  }
  let C_at = wg_y * 256u + wg_x * 16u + lid.y * 8u + lid.x;
  for (var store_C_vi_2 = 0u; store_C_vi_2 < 8u; store_C_vi_2++) {
    C[C_at + store_C_vi_2 * 32u] = C_workgroup[C_workgroup_at + store_C_vi_2 * 16u];
  }
}
