// matmul
// right on subgroups of 1 to 32 lanes that follow the local index
diagnostic(off, chromium.subgroup_matrix_uniformity);
enable chromium_experimental_subgroup_matrix;

@group(0) @binding(0) var<storage, read> A: array<f32, 512>;
@group(0) @binding(1) var<storage, read> B: array<f32, 512>;
@group(0) @binding(2) var<storage, read_write> C: array<f32, 1024>;

@compute @workgroup_size(32, 2, 2)
fn main(@builtin(workgroup_id) wg: vec3<u32>, @builtin(local_invocation_id) lid: vec3<u32>) {
  var C_workgroup_0: subgroup_matrix_result<f32, 8, 8>;
  let wg_y = min(wg.y, 1u);
  let A_at = wg_y * 256u + lid.z * 128u;
  let wg_x = min(wg.x, 1u);
  let B_at = wg_x * 256u + lid.y * 128u;
  for (var matmul_vk_0 = 0u; matmul_vk_0 < 2u; matmul_vk_0++) {
    let A_left = subgroupMatrixLoad<subgroup_matrix_left<f32, 8, 8>, row_major>(&A, A_at + matmul_vk_0 * 8u, 16u);
    let B_right = subgroupMatrixLoad<subgroup_matrix_right<f32, 8, 8>, col_major>(&B, B_at + matmul_vk_0 * 8u, 16u);
    C_workgroup_0 = subgroupMatrixMultiplyAccumulate(A_left, B_right, C_workgroup_0);
  }
  subgroupMatrixStore<row_major>(&C, wg_y * 512u + lid.z * 256u + wg_x * 16u + lid.y * 8u, C_workgroup_0, 32u);
}
