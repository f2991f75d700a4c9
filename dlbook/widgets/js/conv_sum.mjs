// conv_sum.mjs - one window in numbers: pixels times weights, product by product, and their sum; the weights are edited here.
import { h } from "./ui.mjs";
import { short, css, inkOn } from "./conv_maps.mjs";

export const LARGEST = 100; // a weight goes from -LARGEST to LARGEST

// set(u, v, weight) changes a weight
export function createSum({ set }) {
  const part = (name, label, sign) => {
    const cells = h("div", { class: `dlb-cx-cells dlb-cx-${name}` });
    return { cells, node: h("div", { class: "dlb-cx-part" }, h("p", { class: "dlb-cx-name" }, label), cells), sign: sign && h("span", { class: "dlb-cx-sign", "aria-hidden": "true" }, sign) };
  };
  const window_ = part("window", "Window", "×"), kernel = part("kernel", "Kernel", "="), products = part("products", "Products");
  const sum = h("p", { class: "dlb-cx-sum" });
  const node = h("div", { class: "dlb-cx-parts" }, window_.node, window_.sign, kernel.node, kernel.sign, products.node);
  let n = 0, fields = [];

  function layout(size) {
    n = size;
    node.style.setProperty("--n", n);
    const grid = () => Array.from({ length: n * n }, () => h("span", {}));
    window_.cells.replaceChildren(...grid());
    products.cells.replaceChildren(...grid());
    fields = Array.from({ length: n * n }, (_, k) => field(Math.floor(k / n), k % n));
    kernel.cells.replaceChildren(...fields);
  }
  function field(u, v) {
    const input = h("input", {
      type: "number", step: "any", min: -LARGEST, max: LARGEST, "aria-label": `Weight in row ${u + 1}, column ${v + 1}`,
      oninput: () => {
        const w = input.valueAsNumber, good = Number.isFinite(w) && Math.abs(w) <= LARGEST;
        input.toggleAttribute("data-wrong", !good);
        input.setAttribute("aria-invalid", String(!good));
        if (good) set(u, v, w);
      },
      onblur: () => { input.removeAttribute("aria-invalid"); input.removeAttribute("data-wrong"); input.value = input.dataset.weight; },
    });
    return input;
  }
  function paint(kernelNow, taps, ends, colors) {
    if (kernelNow.length !== n) layout(kernelNow.length);
    const weights = kernelNow.flat(), top = Math.max(...weights.map(Math.abs)), most = Math.max(...(taps ?? []).map((t) => Math.abs(t.pixel * t.weight)));
    const shade = (e, rgb, v) => {
      e.className = inkOn(rgb);
      e.style.background = css(rgb);
      e.textContent = short(v, n < 4 ? 3 : 2);
    };
    fields.forEach((input, k) => {
      input.dataset.weight = String(+weights[k].toFixed(4));
      if (input !== document.activeElement) input.value = input.dataset.weight;
      const rgb = colors.tint(weights[k] * 0.55, top);
      input.style.background = css(rgb);
    });
    node.classList.toggle("dlb-cx-none", !taps);
    if (!taps) return;
    taps.forEach(({ inside, pixel, weight }, k) => {
      const [a, b] = [window_.cells.children[k], products.cells.children[k]];
      shade(a, inside ? colors.gray(pixel, ends) : colors.paper, pixel);
      a.classList.toggle("dlb-cx-pad", !inside);
      shade(b, colors.tint(pixel * weight * 0.8, most), pixel * weight);
    });
  }
  // the same as one line; terms without weight are pale
  function write(taps, value, more) {
    const bracket = (v) => (v < 0 ? `(${short(v, 4)})` : short(v, 4));
    const terms = taps.map(({ pixel, weight }, k) => h("span", { class: weight ? "dlb-cx-term" : "dlb-cx-term dlb-cx-pale" }, `${k ? "+ " : ""}${short(pixel)}·${bracket(weight)}`));
    const exact = taps.every(({ pixel, weight }) => +pixel.toFixed(3) === pixel && +weight.toFixed(4) === weight) && Math.abs(value - +value.toFixed(3)) < 1e-9;
    sum.replaceChildren(...terms.flatMap((t) => [t, " "]), h("strong", {}, `${exact ? "=" : "≈"} ${short(value)}`), ...(more ? [" ", h("span", { class: "dlb-cx-then" }, more)] : []));
  }
  return { node, sum, paint, write };
}
