const small: Readonly<Record<string, string>> = {
  matmul: 'b=2,m=7,n=5,k=3',
  gemv: 'm=7,k=5',
  quantized_matmul: 'm=3,n=5,k=32',
  conv2d: 'n=2,c=3,h=7,w=5,oc=4',
  conv2d_nhwc: 'n=2,c=3,h=7,w=5,oc=4',
  depthwise_conv2d: 'n=2,c=3,h=7,w=5',
  depthwise_conv2d_nhwc: 'n=2,c=3,h=7,w=5',
  conv1d: 'n=2,c=3,l=9,oc=4',
  conv_transpose2d: 'n=2,c=3,h=4,w=3,oc=4',
  max_pool2d: 'n=2,c=3,h=7,w=5',
  avg_pool2d: 'n=2,c=3,h=7,w=5',
  reduce_sum: 'rows=7,cols=5',
  reduce_max: 'rows=7,cols=5',
  reduce: 'n=2,c=3,h=4,w=5',
  softmax: 'rows=7,cols=5',
  log_softmax: 'rows=7,cols=5',
  layer_norm: 'rows=7,cols=5',
  rms_norm: 'rows=7,cols=5',
  batch_norm: 'n=2,c=3,h=4,w=5',
  attention: 'b=2,h=2,m=5,n=7,d=3,dv=4',
  elementwise: 'n=2,c=3,h=4,w=5',
  transpose: 'n=2,c=3,h=4,w=5',
  concat: 'outer=2,inner=3',
  group_norm: 'n=2,c=6,h=3,w=5,groups=3',
  instance_norm: 'n=2,c=3,h=4,w=5',
  lrn: 'n=2,c=7,h=2,w=3',
  gather: 'n=5,v=4,d=6',
  resize: 'n=2,c=3,h=4,w=5,oh=7,ow=3',
  cumsum: 'rows=3,cols=70',
  glu: 'rows=7,cols=5',
  rope: 'b=2,h=3,s=5,d=6',
};

/** A shape of the operator that is quick to interpret and has few divisors. */
export function smallShape(operator: string): string {
  const shape = small[operator];
  if (shape === undefined) throw new Error(`small-shapes.ts has no shape of ${operator}`);
  return shape;
}
