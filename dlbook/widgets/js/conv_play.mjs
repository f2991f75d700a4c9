// conv_play.mjs - the window in time: a button that plays, four that step, a pace; playing rests out of sight.
import { h, button, reducedMotion } from "./ui.mjs";
import { newId } from "./ids.mjs";

const PACES = [[1, "1 cell a second"], [5, "5 cells a second"], [25, "25 cells a second"]];

// count() is the number of cells, index() the one that is shown, go(index) shows another, stopped() is called at the end
export function createPlay({ el, count, index, go, by, stopped, signal }) {
  let playing = false, rested = -1, visible = true, timer = 0;
  const id = newId("pace"), pace = h("select", { id }, ...PACES.map(([n, text]) => h("option", { value: n }, text)));
  pace.value = "5";
  const play = button("Play", () => (playing ? pause() : begin()), { class: "dlb-btn dlb-go", "aria-pressed": "false" });
  const arrows = [["←", "left", 0, -1], ["→", "right", 0, 1], ["↑", "up", -1, 0], ["↓", "down", 1, 0]].map(([text, name, r, c]) => button(text, () => { pause(); by(r, c); }, { class: "dlb-btn dlb-cx-arrow", "aria-label": `Window ${name}` }));
  const label = h("span", { class: "dlb-cx-pace" }, h("label", { for: id, class: "dlb-sr" }, "Pace"), pace);
  const node = h("div", { class: "dlb-cx-transport" }, play, ...arrows, label);

  function begin() {
    playing = true;
    show();
    go(index() === rested ? rested : 0); // where it was paused, else from the first cell
    wait();
  }
  function wait() { clearTimeout(timer); timer = playing && visible ? setTimeout(tick, 1000 / +pace.value) : 0; }
  function tick() {
    if (!playing || !el.isConnected || index() >= count() - 1) { pause(); rested = -1; return; }
    go(index() + 1);
    wait();
  }
  function pause() {
    if (!playing) return;
    playing = false;
    rested = index();
    clearTimeout(timer);
    show();
    stopped();
  }
  function show() {
    play.hidden = label.hidden = reducedMotion(); // there are still the steps
    play.textContent = playing ? "Pause" : "Play";
    play.setAttribute("aria-pressed", String(playing));
  }
  const seen = new IntersectionObserver(([entry]) => { visible = entry.isIntersecting; wait(); });
  seen.observe(el);
  const motion = matchMedia("(prefers-reduced-motion: reduce)"), changed = () => { pause(); show(); };
  motion.addEventListener("change", changed);
  signal?.addEventListener("abort", () => { pause(); seen.disconnect(); motion.removeEventListener("change", changed); });
  show();
  return { node, pause, get playing() { return playing; } };
}
