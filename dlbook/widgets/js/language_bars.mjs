// language_bars.mjs - the next character: bars to choose from, and the strip on which a random number falls.
import { h, s } from "./ui.mjs";
import { fixed } from "./values.mjs";
import { named, sign, small } from "./language_text.mjs";

export const SHOWN = 12; // bars; the others are one

// take(token) is called when a bar is chosen
export function createBars({ take }) {
  const rows = Array.from({ length: SHOWN + 1 }, (_, i) => {
    const name = h("span", { class: "dlb-lm-name", "aria-hidden": "true" }), said = h("span", { class: "dlb-sr" }), bar = h("span", { class: "dlb-lm-bar" }), own = h("span", { class: "dlb-lm-own" });
    const value = h("span", { class: "dlb-lm-value" }), row = { name, said, bar, own, value }, parts = [name, said, h("span", { class: "dlb-lm-track", "aria-hidden": "true" }, bar, own), value];
    row.node = i < SHOWN ? h("button", { type: "button", class: "dlb-lm-row", tabindex: i ? -1 : 0, onclick: () => take(row.token) }, ...parts) : h("div", { class: "dlb-lm-row dlb-lm-rest" }, ...parts);
    return row;
  });
  const buttons = rows.slice(0, SHOWN).map(({ node }) => node);
  const node = h("div", { class: "dlb-lm-bars", role: "group", "aria-label": "Next character", onkeydown: move }, ...rows.map((row) => row.node));
  function move(event) { // one stop for Tab, the arrows inside
    const i = buttons.indexOf(event.target), free = buttons.filter((b) => !b.hidden), last = free.length - 1;
    const to = { ArrowDown: i + 1, ArrowRight: i + 1, ArrowUp: i - 1, ArrowLeft: i - 1, Home: 0, End: last }[event.key];
    if (i < 0 || to === undefined) return;
    event.preventDefault();
    const next = buttons[Math.max(0, Math.min(last, to))];
    for (const b of buttons) b.tabIndex = b === next ? 0 : -1;
    next.focus();
  }

  // order: the tokens, the likeliest first; p: as shown; own: the network's; taken: the token that stands there, or -1
  function draw({ order, p, own, tokens, taken, open }) {
    const top = Math.max(...p, ...own) || 1, wide = (v) => `${(100 * v) / top}%`, others = order.slice(SHOWN);
    for (const [i, row] of rows.slice(0, SHOWN).entries()) {
      const token = order[i];
      row.node.hidden = token === undefined;
      if (token === undefined) continue;
      const c = tokens[token], cut = p[token] === 0;
      row.token = token;
      row.name.textContent = sign(c);
      row.said.textContent = `${named(c)} `;
      row.node.title = `${named(c)}: ${small(p[token])} of the draw; the network itself says ${small(own[token])}`;
      row.node.disabled = !open;
      row.node.classList.toggle("dlb-lm-cut", cut);
      row.node.classList.toggle("dlb-lm-taken", token === taken);
      show(row, cut ? 0 : p[token], own[token], cut ? "cut" : small(p[token]), wide);
    }
    const sum = (list) => others.reduce((total, t) => total + list[t], 0), rest = rows[SHOWN];
    rest.node.hidden = !others.length;
    rest.name.textContent = `+${others.length}`;
    rest.said.textContent = `${others.length} others `;
    rest.node.title = `${others.length} others`;
    show(rest, Math.min(sum(p), top), Math.min(sum(own), top), sum(p) ? small(sum(p)) : "cut", wide);
    rest.node.classList.toggle("dlb-lm-taken", others.includes(taken));
  }
  function show(row, p, own, text, wide) {
    row.bar.style.width = wide(p);
    row.bar.hidden = p === 0;
    row.own.style.left = wide(own);
    row.own.hidden = Math.abs(p - own) < 5e-4;
    row.value.textContent = text;
  }
  return { node, draw };
}

// the tokens side by side in the order of their numbers, as wide as likely, and the needle u
export function createStrip() {
  const marks = s("g"), words = s("g"), needle = s("path", { class: "dlb-lm-needle" });
  const node = s("svg", { class: "dlb-plot dlb-lm-strip", role: "img" }, marks, words, needle), tall = 44;
  function draw(p, tokens, u, hit, width, label) {
    node.setAttribute("viewBox", `0 0 ${width} ${tall}`);
    node.setAttribute("aria-label", label);
    const rects = [], texts = [];
    let left = 0, shade = 0;
    for (const [i, v] of p.entries()) {
      const x = left * width, w = v * width;
      left += v;
      if (w < 0.05) continue;
      rects.push(s("rect", { x: fixed(x, 2), y: 12, width: fixed(w, 2), height: 26, class: `dlb-lm-part${w < 3 ? " dlb-lm-thin" : ""}${shade++ % 2 ? " dlb-lm-odd" : ""}${i === hit ? " dlb-lm-hit" : ""}` }));
      if (w < 11) continue;
      const text = s("text", { x: fixed(x + w / 2, 1), y: 31, "text-anchor": "middle" });
      text.textContent = sign(tokens[i]);
      texts.push(text);
    }
    marks.replaceChildren(...rects);
    words.replaceChildren(...texts);
    const at = Math.max(1, Math.min(width - 1, u * width));
    needle.setAttribute("d", u === null ? "" : `M${at.toFixed(1)} 11l-5.5-9h11zv7`);
  }
  return { node, draw };
}
