// conv_own.mjs - pictures of the reader's own: opened, dropped or pasted, and made small; a pencil on the cells.
import { h, button } from "./ui.mjs";
import { newId } from "./ids.mjs";
import { shrunk } from "./conv_samples.mjs";

const MOST = 384; // px: a larger picture is made so small before its pixels are read

// take(pixels) gets a picture, fail(words) a sentence
export function createOpener({ el, take, fail, signal }) {
  const id = newId("file"), input = h("input", { type: "file", id, accept: "image/*", class: "dlb-sr", onchange: () => { read(input.files[0]); input.value = ""; } });
  const node = h("span", { class: "dlb-cx-open" }, input, h("label", { for: id, class: "dlb-btn" }, "Open a picture"));

  async function read(file) {
    if (!file) return;
    let bitmap;
    try {
      if (!file.type.startsWith("image/")) throw new Error("no picture");
      bitmap = await createImageBitmap(file);
    } catch {
      fail(`“${file.name || "What was pasted"}” is not a picture that this browser can read. PNG, JPEG, GIF and WebP are. The image stays as it was.`);
      return;
    }
    const part = Math.min(1, MOST / Math.min(bitmap.width, bitmap.height)), width = Math.max(1, Math.round(bitmap.width * part)), height = Math.max(1, Math.round(bitmap.height * part));
    const context = h("canvas", { width, height }).getContext("2d", { willReadFrequently: true });
    context.drawImage(bitmap, 0, 0, width, height);
    bitmap.close();
    take(shrunk(context.getImageData(0, 0, width, height)));
  }
  const found = (transfer) => [...(transfer?.files ?? [])].find((file) => file.type.startsWith("image/")) ?? transfer?.files?.[0];
  const listen = (name, fn) => el.addEventListener(name, fn, { signal });
  listen("paste", (event) => { const file = found(event.clipboardData); if (file) { event.preventDefault(); read(file); } });
  listen("dragover", (event) => { if ([...event.dataTransfer.types].includes("Files")) { event.preventDefault(); el.classList.add("dlb-cx-drop"); } });
  listen("dragleave", (event) => { if (!el.contains(event.relatedTarget)) el.classList.remove("dlb-cx-drop"); });
  listen("drop", (event) => { el.classList.remove("dlb-cx-drop"); const file = found(event.dataTransfer); if (file) { event.preventDefault(); read(file); } });
  return { node };
}

// a soft pen, one cell wide, or an eraser; image() gives the pixels, put(pixels) takes new ones
export function createPencil({ image, put, ends, changed }) {
  let tool = null, from = null;
  const tools = [["pen", "Pencil"], ["eraser", "Eraser"]].map(([name, text]) => button(text, () => { tool = tool === name ? null : name; show(); changed(); }, { "aria-pressed": "false", "data-tool": name }));
  const clear = button("Clear", () => { const [low] = ends(); put(image().map((row) => row.map(() => low))); });
  const show = () => { for (const b of tools) b.setAttribute("aria-pressed", String(b.dataset.tool === tool)); };

  function dab(pixels, r, c) {
    const [low, high] = ends(), set = (i, j, share) => {
      if (pixels[i]?.[j] === undefined) return;
      const v = tool === "pen" ? Math.max(pixels[i][j], low + share * (high - low)) : Math.min(pixels[i][j], high - share * (high - low));
      pixels[i][j] = +v.toFixed(6);
    };
    set(r, c, 1);
    for (const [i, j] of [[r - 1, c], [r + 1, c], [r, c - 1], [r, c + 1]]) set(i, j, tool === "pen" ? 0.5 : 1);
  }
  function line(to) { // from the last place to this one
    const [r0, c0] = from ?? to, n = Math.max(1, Math.abs(to[0] - r0), Math.abs(to[1] - c0)), pixels = image().map((row) => [...row]);
    for (let k = from ? 1 : n; k <= n; k++) dab(pixels, Math.round(r0 + ((to[0] - r0) * k) / n), Math.round(c0 + ((to[1] - c0) * k) / n));
    from = to;
    put(pixels);
  }
  return { nodes: [...tools, clear], line, lift() { from = null; }, take(name) { tool = name; show(); }, get tool() { return tool; } };
}
