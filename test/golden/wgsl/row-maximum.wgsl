// row_reduce

@group(0) @binding(0) var<storage, read> A: array<f32, 384>;
@group(0) @binding(1) var<storage, read_write> Y: array<f32, 3>;

var<workgroup> parts: array<f32, 64>;
var<workgroup> few: array<f32, 8>;

fn maximum(a: f32, b: f32) -> f32 { return select(a, b, (a < b) | ((bitcast<i32>(b) & 0x7fffffff) > 0x7f800000)); }

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(workgroup_id) wg: vec3<u32>, @builtin(local_invocation_id) lid: vec3<u32>) {
  let infinity_bits = 0x7f800000u;
  let infinity = bitcast<f32>(infinity_bits);
  var part = -infinity;
  let wg_x = min(wg.x, 2u);
  let A_at = wg_x * 128u + lid.x;
  for (var c0 = 0u; c0 < 2u; c0++) {
    part = maximum(part, A[A_at + c0 * 64u]);
  }
  parts[lid.x] = part;
  workgroupBarrier();
  let lid_x = min(lid.x, 7u);
  let parts_at = lid_x * 8u;
  if (lid.x < 8u) {
    few[lid_x] = -infinity;
    for (var e0 = 0u; e0 < 8u; e0++) {
      few[lid_x] = maximum(few[lid_x], parts[parts_at + e0]);
    }
  }
  let index_inside_1 = lid.x < 1u;
  if (index_inside_1) {
    Y[wg_x] = -infinity;
  }
  workgroupBarrier();
  if (index_inside_1) {
    for (var g0 = 0u; g0 < 8u; g0++) {
      Y[wg_x] = maximum(Y[wg_x], few[g0]);
    }
  }
}
