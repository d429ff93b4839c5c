// row_reduce

@group(0) @binding(0) var<storage, read> A: array<f32, 1000>;
@group(0) @binding(1) var<storage, read_write> Y: array<f32, 5>;

var<workgroup> parts: array<f32, 64>;
var<workgroup> few: array<f32, 8>;

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(workgroup_id) wg: vec3<u32>, @builtin(local_invocation_id) lid: vec3<u32>) {
  var part = 0.0;
  let wg_x = min(wg.x, 4u);
  let A_at = wg_x * 200u + lid.x;
  for (var c0 = 0u; c0 < 4u; c0++) {
    part += select(0.0, A[min(A_at + c0 * 64u, 999u)], lid.x + c0 * 64u < 200u);
  }
  parts[lid.x] = part;
  workgroupBarrier();
  let lid_x = min(lid.x, 7u);
  let parts_at = lid_x * 8u;
  if (lid.x < 8u) {
    few[lid_x] = 0.0;
    for (var e0 = 0u; e0 < 8u; e0++) {
      few[lid_x] += parts[parts_at + e0];
    }
  }
  let index_inside_1 = lid.x < 1u;
  if (index_inside_1) {
    Y[wg_x] = 0.0;
  }
  workgroupBarrier();
  if (index_inside_1) {
    for (var g0 = 0u; g0 < 8u; g0++) {
      Y[wg_x] += few[g0];
    }
  }
}
