// ui.mjs - the small user-interface vocabulary that every widget shares.
import { newId } from "./ids.mjs";

// ---- elements
export function h(tag, attrs, ...children) {
  const e = document.createElement(tag);
  for (const [k, v] of Object.entries(attrs || {})) {
    if (k.startsWith("on")) e.addEventListener(k.slice(2), v);
    else if (v === true) e.setAttribute(k, "");
    else if (v !== false && v != null) e.setAttribute(k, v);
  }
  // JupyterLab binds arrows, A, B, D D ... to whatever has the focus; its matcher looks for this
  // attribute on the focused element itself, so every control carries it.
  if (/^(input|select|button|summary|textarea)$/.test(tag) || attrs?.tabindex != null)
    e.setAttribute("data-lm-suppress-shortcuts", "true");
  e.append(...children.filter((c) => c != null));
  return e;
}
export function s(tag, attrs, ...children) {
  const e = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [k, v] of Object.entries(attrs || {})) {
    if (k.startsWith("on")) e.addEventListener(k.slice(2), v);
    else if (v != null) e.setAttribute(k, v);
  }
  e.append(...children);
  return e;
}
// the frame of a widget: a named group with a heading
export function root(el, title) {
  el.classList.add("dlb");
  el.setAttribute("role", "group");
  el.setAttribute("aria-label", title);
  el.setAttribute("data-jp-suppress-context-menu", "true");
  const body = h("div", { class: "dlb-body" });
  el.append(h("p", { class: "dlb-title" }, title), body);
  return body;
}

// ---- model binding: call `fn` whenever one of the traits changes, until the widget goes away
export function watch(model, names, fn, signal) {
  for (const name of names) {
    model.on(`change:${name}`, fn);
    signal?.addEventListener("abort", () => model.off(`change:${name}`, fn));
  }
}
export function put(model, name, value) {
  model.set(name, value);
  model.save_changes();
}

// ---- labelled native controls, each bound to one trait
const bound = (model, name, sync, signal) => { watch(model, [name], sync, signal); sync(); };

export function slider(model, name, { label, min, max, step, format = (v) => v.toFixed(2), signal, parse = Number, show = Number }) {
  // `parse` turns the position of the slider into the trait (a log scale, a list of values), `show` does the reverse
  const id = newId(name), out = h("span", { class: "dlb-out", "aria-hidden": "true" });
  const input = h("input", { type: "range", id, min, max, step, class: "dlb-range", "data-trait": name });
  bound(model, name, () => {
    const v = model.get(name);
    input.value = show(v); out.textContent = format(v); input.setAttribute("aria-valuetext", format(v));
  }, signal);
  input.addEventListener("input", () => put(model, name, parse(+input.value)));
  return h("div", { class: "dlb-ctl" }, h("label", { for: id }, label), input, out);
}
export function select(model, name, { label, options, signal, parse = String }) { // options: [[value, text], ...]
  const id = newId(name), input = h("select", { id, "data-trait": name }, ...options.map(([v, t]) => h("option", { value: v }, t)));
  bound(model, name, () => { input.value = String(model.get(name)); }, signal);
  input.addEventListener("change", () => put(model, name, parse(input.value)));
  return h("div", { class: "dlb-ctl" }, h("label", { for: id }, label), input);
}
export function checkbox(model, name, { label, signal }) {
  const id = newId(name), input = h("input", { type: "checkbox", id, "data-trait": name });
  bound(model, name, () => { input.checked = model.get(name); }, signal);
  input.addEventListener("change", () => put(model, name, input.checked));
  return h("div", { class: "dlb-ctl dlb-check" }, input, h("label", { for: id }, label));
}
export function button(text, onclick, attrs) {
  return h("button", { type: "button", class: "dlb-btn", onclick, ...attrs }, text);
}

// ---- time, motion, theme, speech
export function everyFrame(fn, el) { // at most one call a frame, and none before `el` is in the document
  let id = 0;
  const again = () => { if (!id) id = requestAnimationFrame(() => { id = 0; if (!el || el.isConnected) fn(); else again(); }); };
  return again;
}
export function reducedMotion() { return matchMedia("(prefers-reduced-motion: reduce)").matches; }
export function onTheme(fn, signal) { // Sphinx marks <html data-theme>, JupyterLab <body data-jp-theme-light>
  const seen = new MutationObserver(fn);
  seen.observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
  seen.observe(document.body, { attributes: true, attributeFilter: ["data-jp-theme-name", "data-jp-theme-light"] });
  signal?.addEventListener("abort", () => seen.disconnect());
}
export function color(el, name) { // "--dlb-blue" -> [r, g, b], as the theme has it now
  const probe = h("canvas", { width: 1, height: 1 }).getContext("2d", { willReadFrequently: true });
  probe.fillStyle = getComputedStyle(el).getPropertyValue(name).trim();
  probe.fillRect(0, 0, 1, 1);
  return [...probe.getImageData(0, 0, 1, 1).data].slice(0, 3);
}
export function announcer(el) { // says a text once it has been still for a moment, not at every step of a drag
  const region = h("p", { role: "status", class: "dlb-sr" });
  let timer = 0;
  el.append(region);
  return (text) => { clearTimeout(timer); timer = setTimeout(() => { region.textContent = text; }, 600); };
}

// ---- plots in SVG
export function path(xs, ys, fx, fy) {
  let d = "";
  for (let i = 0; i < xs.length; i++) d += (i ? "L" : "M") + fx(xs[i]).toFixed(1) + " " + fy(ys[i]).toFixed(1);
  return d;
}
// axes with ticks in the group `g`; returns the two scales
export function axes(g, { x, y, width, height, xticks, yticks, left = 30, right = 10, top = 8, bottom = 22, format = String }) {
  const fx = (v) => left + ((v - x[0]) / (x[1] - x[0])) * (width - left - right);
  const fy = (v) => height - bottom - ((v - y[0]) / (y[1] - y[0])) * (height - top - bottom);
  const label = (t, attrs) => { const e = s("text", attrs); e.textContent = format(t); return e; };
  g.replaceChildren(
    ...xticks.map((t) => s("g", { class: "dlb-tick" }, s("line", { x1: fx(t), x2: fx(t), y1: fy(y[0]), y2: fy(y[1]) }), label(t, { x: fx(t), y: height - 6, "text-anchor": "middle" }))),
    ...yticks.map((t) => s("g", { class: "dlb-tick" }, s("line", { x1: fx(x[0]), x2: fx(x[1]), y1: fy(t), y2: fy(t) }), label(t, { x: left - 5, y: fy(t) + 4, "text-anchor": "end" }))),
  );
  return { fx, fy };
}

// ---- what a shareable address may set.  Each reader takes the text of one parameter and returns the value,
// or undefined when the text is not acceptable; `expects` is what the reader of the page is then told.
export function oneOf(values) {
  const read = (text) => (values.includes(text) ? text : undefined);
  return Object.assign(read, { expects: `one of ${values.join(", ")}` });
}
export function number(min, max) {
  const read = (text) => (/^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(text) && +text >= min && +text <= max ? +text : undefined);
  return Object.assign(read, { expects: `a number from ${min} to ${max}` });
}
export function integer(min, max) {
  const read = (text) => (/^[-+]?\d{1,9}$/.test(text) && +text >= min && +text <= max ? +text : undefined);
  return Object.assign(read, { expects: `a whole number from ${min} to ${max}` });
}
export function flag() {
  const read = (text) => ({ true: true, false: false })[text];
  return Object.assign((t) => (t === "true" || t === "false" ? read(t) : undefined), { expects: "true or false" });
}
export function listOf(item, maxLength) { // "a,b,c"; the empty text is the empty list
  const read = (text) => {
    const values = text === "" ? [] : text.split(",").map(item);
    return values.length <= maxLength && values.every((v) => v !== undefined) ? values : undefined;
  };
  return Object.assign(read, { expects: `up to ${maxLength} values, separated by commas, each ${item.expects}` });
}
