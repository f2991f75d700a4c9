// safetensors.mjs - the arrays of a safetensors file.

// The tensors of a safetensors file, { name: { shape, data } } with Float32Array data, and what dlbook.quantize has
// written beside them.  int8 weights with scales under name.scale become floats again.
// an ArrayBuffer, or a view of one
export function unpack(bytes) {
  const view = ArrayBuffer.isView(bytes) ? new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength) : new DataView(bytes);
  const length = Number(view.getBigUint64(0, true)), text = new TextDecoder().decode(new Uint8Array(view.buffer, view.byteOffset + 8, length));
  const { __metadata__: own, ...entries } = JSON.parse(text), raw = {};
  for (const [name, { dtype, shape, data_offsets: [from, to] }] of Object.entries(entries)) {
    const start = 8 + length + from, n = shape.reduce((a, b) => a * b, 1), data = new Float32Array(n);
    if (dtype === "I8") for (let i = 0; i < n; i++) data[i] = view.getInt8(start + i);
    else if (dtype === "F32" && to - from === 4 * n) for (let i = 0; i < n; i++) data[i] = view.getFloat32(start + 4 * i, true);
    else throw new Error(`${name}: dtype ${dtype} is not known`);
    raw[name] = { shape, data };
  }
  const tensors = {};
  for (const [name, { shape, data }] of Object.entries(raw)) {
    if (name.endsWith(".scale")) continue;
    const by = raw[`${name}.scale`]?.data, row = by && data.length / by.length;
    tensors[name] = { shape, data: by ? data.map((v, i) => v * by[Math.floor(i / row)]) : data };
  }
  return { tensors, ...JSON.parse(JSON.parse(own?.dlbook ?? "{}").about ?? "{}") };
}
