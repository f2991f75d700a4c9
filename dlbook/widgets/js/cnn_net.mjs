// cnn_net.mjs - a convolutional network: its weights from bytes, its forward pass, and how a single number comes about.

// ---- the file: safetensors; int8 weights stand beside a scale for each output (dlbook/quantize.py)
// The result is {layers, side, labels, about}, the layers with their weights.
export function unpack(view) {
  const length = view.getUint32(0, true), header = JSON.parse(new TextDecoder().decode(new Uint8Array(view.buffer, view.byteOffset + 8, length))), net = JSON.parse(header.__metadata__.network);
  const numbers = (name) => {
    const { dtype, shape, data_offsets: [from, to] } = header[name], begin = 8 + length + from, bytes = dtype === "I8";
    const data = Float64Array.from({ length: bytes ? to - from : (to - from) / 4 }, (_, i) => (bytes ? view.getInt8(begin + i) : view.getFloat32(begin + 4 * i, true)));
    if (!header[`${name}.scale`]) return { data, shape };
    const scale = numbers(`${name}.scale`).data, row = data.length / scale.length;
    return { data: data.map((q, i) => Math.fround(q * scale[Math.floor(i / row)])), shape };
  };
  let shape = [1, net.side, net.side];
  net.layers = net.layers.map((layer) => {
    const full = { ...layer, from: shape };
    if (layer.name) {
      const { data, shape: own } = numbers(`${layer.name}.weight`);
      Object.assign(full, { weight: data, outputs: own[0], kernel: own.slice(2) });
      full.bias = header[`${layer.name}.bias`] ? numbers(`${layer.name}.bias`).data : new Float64Array(own[0]);
    }
    shape = full.shape = shapeAfter(full, shape);
    return full;
  });
  return net;
}
function shapeAfter({ kind, kernel, stride, padding, dilation, outputs }, [c, ...size]) {
  if (kind === "linear") return [outputs, 1, 1];
  if (!kernel) return [c, ...size];
  return [outputs ?? c, ...size.map((n, a) => Math.floor((n + padding[0][a] + padding[1][a] - dilation[a] * (kernel[a] - 1) - 1) / stride[a]) + 1)];
}

// ---- the forward pass: the numbers after each layer, Float64Array, channel by channel, row by row
export function forward(net, image) {
  let x = Float64Array.from(image);
  return net.layers.map((layer) => (x = LAYERS[layer.kind](x, layer)));
}
const LAYERS = {
  relu: (x) => x.map((v) => Math.max(0, v)),
  tanh: (x) => x.map(Math.tanh),
  sigmoid: (x) => x.map((v) => 1 / (1 + Math.exp(-v))),
  conv: (x, layer) => {
    const { weight, bias, groups, kernel: [kh, kw], shape: [o, oh, ow], from: [c, h, w], stride: s, padding: [p], dilation: d } = layer, y = new Float64Array(o * oh * ow), own = c / groups;
    for (let k = 0; k < o; k++) {
      const first = Math.floor((k * groups) / o) * own, begin = k * oh * ow;
      y.fill(bias[k], begin, begin + oh * ow);
      for (let ci = 0; ci < own; ci++) for (let u = 0; u < kh; u++) for (let v = 0; v < kw; v++) {
        const factor = weight[((k * own + ci) * kh + u) * kw + v];
        for (let i = 0; i < oh; i++) {
          const row = s[0] * i + d[0] * u - p[0];
          if (row < 0 || row >= h) continue;
          const line = ((first + ci) * h + row) * w;
          for (let j = 0, col = d[1] * v - p[1]; j < ow; j++, col += s[1]) if (col >= 0 && col < w) y[begin + i * ow + j] += factor * x[line + col];
        }
      }
    }
    return y;
  },
  maxpool: (x, layer) => pool(x, layer, (values) => values.reduce((a, b) => Math.max(a, b), -Infinity)),
  avgpool: (x, layer) => pool(x, layer, (values) => values.reduce((a, b) => a + b, 0) / values.length),
  linear: (x, { weight, bias }) => bias.map((b, k) => x.reduce((sum, v, i) => sum + v * weight[k * x.length + i], b)),
};
function pool(x, layer, of) {
  const [c, oh, ow] = layer.shape, y = new Float64Array(c * oh * ow);
  for (let k = 0, n = 0; k < c; k++) for (let i = 0; i < oh; i++) for (let j = 0; j < ow; j++) y[n++] = of(taken(x, layer, k, i, j).filter((v) => v !== null));
  return y;
}
// the numbers of channel c that the window of output (i, j) covers, row by row; null where it reaches into the padding
export function taken(x, { from: [, h, w], kernel: [kh, kw], stride: s, padding: [p], dilation: d }, c, i, j) {
  const out = [];
  for (let u = 0; u < kh; u++) for (let v = 0; v < kw; v++) {
    const row = s[0] * i + d[0] * u - p[0], col = s[1] * j + d[1] * v - p[1];
    out.push(row >= 0 && row < h && col >= 0 && col < w ? x[(c * h + row) * w + col] : null);
  }
  return out;
}
export function softmax(z) {
  const top = z.reduce((a, b) => Math.max(a, b)), e = Array.from(z, (v) => Math.exp(v - top)), sum = e.reduce((a, b) => a + b);
  return e.map((v) => v / sum);
}

// ---- one number taken apart
// the sum behind output (k, i, j) of a convolution or a linear layer: for each input channel what it sees, the weights, their sum
export function terms(layer, x, k, i, j) {
  const dense = layer.kind === "linear", [c, h, w] = layer.from, { groups = 1, outputs } = layer, own = c / groups;
  const first = Math.floor((k * groups) / outputs) * own, size = dense ? h * w : layer.kernel[0] * layer.kernel[1];
  return Array.from({ length: own }, (_, ci) => {
    const seen = dense ? [...x.subarray(ci * size, (ci + 1) * size)] : taken(x, layer, first + ci, i, j);
    const weights = [...layer.weight.subarray((k * own + ci) * size, (k * own + ci + 1) * size)];
    return { channel: first + ci, seen, weights, sum: seen.reduce((sum, v, n) => sum + v * weights[n], 0) };
  });
}
// the first and the last row, then column, of the image that output (i, j) of a layer sees; it may reach into the padding
export function field({ layers }, index, i, j) {
  let seen = [[i, i], [j, j]];
  for (let l = index; l >= 0; l--) {
    const { kind, kernel, stride, padding, dilation, from } = layers[l];
    if (kind === "linear") seen = from.slice(1).map((n) => [0, n - 1]);
    else if (kernel) seen = seen.map(([a, b], axis) => [a, b].map((n, end) => n * stride[axis] - padding[0][axis] + end * (kernel[axis] - 1) * dilation[axis]));
  }
  return seen;
}
