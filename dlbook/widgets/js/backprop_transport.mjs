// backprop_transport.mjs - going through the steps: buttons, a slider over all of them, and playing.
import { h, button, reducedMotion } from "./ui.mjs";

const PACE = 1700; // ms for a step

// go(at) moves to a step
export function createTransport({ el, go, signal }) {
  let at = 0, turn = 0, last = 0, timer = 0, playing = false, visible = true;
  const step = (by) => { pause(); move(at + by); };
  const move = (to) => { at = Math.max(0, Math.min(last, to)); go(at); }; // at once: a second key may come before the paint
  const press = (text, fn, attrs) => button(text, ({ currentTarget }) => { if (currentTarget.getAttribute("aria-disabled") !== "true") fn(); }, attrs);
  const back = press("← Back", () => step(-1)), next = press("Next →", () => step(1), { class: "dlb-btn dlb-bp-next" });
  const reset = press("Start over", () => { pause(); move(0); }), play = press("Play", () => (playing ? pause() : begin()), { "aria-pressed": "false" });
  const forth = press("All forward", () => { pause(); move(turn); }), all = press("All backward", () => { pause(); move(last); });
  const scrub = h("input", {
    type: "range", class: "dlb-range dlb-bp-scrub", min: 0, step: 1, "aria-label": "Step", oninput: () => { pause(); move(+scrub.value); },
  });
  const parts = ["forward", "backward"].map((name) => h("span", { class: `dlb-bp-part-${name}` }, name));
  const count = h("span", { class: "dlb-bp-count", "aria-hidden": "true" });
  const node = h("div", { class: "dlb-bp-transport" },
    h("div", { class: "dlb-bp-track" }, h("div", { class: "dlb-bp-phases", "aria-hidden": "true" }, ...parts), scrub, count),
    h("div", { class: "dlb-bp-buttons" }, back, next, play, forth, all, reset));

  // ---- playing rests while the widget is out of sight
  function begin() {
    if (at >= last) move(0);
    playing = true;
    showPlay();
    tick();
  }
  function pause() {
    clearTimeout(timer);
    timer = 0;
    if (!playing) return;
    playing = false;
    showPlay();
  }
  function tick() {
    timer = 0;
    if (!playing || !visible) return;
    if (!el.isConnected || at >= last) { pause(); return; }
    move(at + 1);
    timer = setTimeout(tick, PACE);
  }
  function showPlay() {
    play.hidden = reducedMotion(); // All forward and All backward jump
    play.textContent = playing ? "Pause" : "Play";
    play.setAttribute("aria-pressed", String(playing));
  }
  const seen = new IntersectionObserver(([entry]) => { visible = entry.isIntersecting; if (visible && playing && !timer) tick(); });
  seen.observe(el);
  const motion = matchMedia("(prefers-reduced-motion: reduce)"), changed = () => { pause(); showPlay(); };
  motion.addEventListener("change", changed);
  signal?.addEventListener("abort", () => { pause(); seen.disconnect(); motion.removeEventListener("change", changed); });
  showPlay();

  // ---- keys: arrows step wherever the focus is in the widget, except in a field that needs them itself
  el.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
    if (event.target.matches("input, select, textarea")) return;
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: last }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    pause();
    move(to);
  });

  // shows step `now` of `end`, of which the first `half` go forward; a button that leads nowhere keeps the focus
  function paint(now, half, end, words) {
    [at, turn, last] = [now, half, end];
    scrub.max = end;
    scrub.value = now;
    scrub.setAttribute("aria-valuetext", words);
    count.textContent = `${now} / ${end}`;
    parts[0].style.flexGrow = half;
    parts[1].style.flexGrow = end - half;
    const goals = [[back, 0], [reset, 0], [next, end], [forth, half], [all, end]];
    for (const [b, goal] of goals) b.setAttribute("aria-disabled", String(now === goal));
  }
  return { node, paint, pause };
}
