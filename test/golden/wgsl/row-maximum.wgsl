// row_reduce

@group(0) @binding(0) var<storage, read> A: array<f32, 384>;
@group(0) @binding(1) var<storage, read_write> Y: array<f32, 3>;

var<workgroup> parts: array<f32, 64>;
var<workgroup> few: array<f32, 8>;

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(workgroup_id) wg: vec3<u32>, @builtin(local_invocation_id) lid: vec3<u32>) {
  var part = -0x1.fffffep+127f;
  let A_at = wg.x * 128u + lid.x;
  for (var c0 = 0u; c0 < 2u; c0++) {
    part = max(part, A[A_at + c0 * 64u]);
  }
  parts[lid.x] = part;
  workgroupBarrier();
  let parts_at = lid.x * 8u;
  if (lid.x < 8u) {
    few[lid.x] = -0x1.fffffep+127f;
    for (var e0 = 0u; e0 < 8u; e0++) {
      few[lid.x] = max(few[lid.x], parts[parts_at + e0]);
    }
  }
  let index_inside_1 = lid.x < 1u;
  if (index_inside_1) {
    Y[wg.x] = -0x1.fffffep+127f;
  }
  workgroupBarrier();
  if (index_inside_1) {
    for (var g0 = 0u; g0 < 8u; g0++) {
      Y[wg.x] = max(Y[wg.x], few[g0]);
    }
  }
}
