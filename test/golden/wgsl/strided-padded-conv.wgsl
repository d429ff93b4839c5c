// conv

@group(0) @binding(0) var<storage, read> X: array<f32, 297>;
@group(0) @binding(1) var<storage, read> W: array<f32, 135>;
@group(0) @binding(2) var<storage, read_write> Y: array<f32, 150>;

@compute @workgroup_size(32, 1, 1)
fn main(@builtin(workgroup_id) wg: vec3<u32>, @builtin(local_invocation_id) lid: vec3<u32>) {
  let index = min(wg.x, 4u) * 32u + lid.x;
  let conv_part_1 = index / 6u % 5u;
  let conv = conv_part_1 * 2u;
  let conv_part_4 = index % 6u;
  let conv_2 = conv_part_4 * 2u;
  let X_at = conv_part_1 * 22u + conv_part_4 * 2u;
  let W_at = index / 30u * 27u;
  if (index < 150u) {
    var acc = 0.0;
    for (var k = 0u; k < 27u; k++) {
      let conv_part_2 = (k * 11u) >> 5u;
      let conv_part_3 = conv_part_2 - ((conv_part_2 * 11u) >> 5u) * 3u;
      let conv_1 = conv + conv_part_3;
      let conv_part_5 = k - ((k * 11u) >> 5u) * 3u;
      let conv_3 = conv_2 + conv_part_5;
      acc += select(0.0, X[min(X_at + ((k * 29u) >> 8u) * 99u + conv_part_3 * 11u + conv_part_5 - 12u, 296u)], conv_1 >= 1u && conv_1 < 10u && conv_3 >= 1u && conv_3 < 12u) * W[W_at + k];
    }
    Y[index] = acc;
  }
}
