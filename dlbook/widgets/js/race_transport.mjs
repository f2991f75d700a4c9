// race_transport.mjs - the race in time: buttons, a slider over the steps, playing; a jump where motion is not wanted.
import { h, button, reducedMotion } from "./ui.mjs";

// go(step, done) moves to a step, `done` when it is the last for now; pace() gives steps a second
export function createTransport({ el, go, pace, speed, signal }) {
  let at = 0, last = 0, playing = false, visible = true, frame = 0, time = 0, part = 0;
  const jump = (to) => { pause(); at = Math.max(0, Math.min(last, to)); go(at, true); };
  const play = button("Play", () => (playing ? pause() : begin()), { class: "dlb-btn dlb-go", "aria-pressed": "false" });
  const back = button("−1", () => jump(at - 1), { "aria-label": "−1 step" }), next = button("+1", () => jump(at + 1), { "aria-label": "+1 step" });
  const reset = button("Reset", () => jump(0), { title: "Back to step 0" }), all = button("End", () => jump(last), { title: "To the last step" });
  const scrub = h("input", { type: "range", class: "dlb-range", min: 0, step: 1, "aria-label": "Step", oninput: () => jump(+scrub.value) });
  const count = h("span", { class: "dlb-or-count", "aria-hidden": "true" });
  const node = h("div", { class: "dlb-or-transport" }, h("div", { class: "dlb-or-track" }, scrub, count), h("div", { class: "dlb-or-buttons" }, play, back, next, all, reset, speed));

  function begin() {
    if (reducedMotion()) { jump(last); return; }
    if (at >= last) go(at = 0, false);
    playing = true;
    [time, part] = [0, 0];
    show();
    ask();
  }
  function pause() {
    if (!playing) return;
    playing = false;
    cancelAnimationFrame(frame);
    frame = 0;
    show();
    go(at, true);
  }
  const ask = () => { if (playing && visible && !frame) frame = requestAnimationFrame(tick); };
  function tick(now) {
    frame = 0;
    if (!el.isConnected) { ask(); return; }
    part += time ? (Math.min(100, now - time) / 1000) * pace() : 1; // what passed out of sight does not count
    time = now;
    const whole = Math.floor(part);
    part -= whole;
    if (whole) go(at = Math.min(last, at + whole), false);
    if (at >= last) pause(); else ask();
  }
  function show() {
    play.textContent = playing ? "Pause" : reducedMotion() ? "Run" : "Play";
    play.setAttribute("aria-pressed", String(playing));
  }
  const seen = new IntersectionObserver(([entry]) => { visible = entry.isIntersecting; ask(); });
  seen.observe(el);
  const motion = matchMedia("(prefers-reduced-motion: reduce)"), changed = () => { pause(); show(); };
  motion.addEventListener("change", changed);
  signal?.addEventListener("abort", () => { pause(); seen.disconnect(); motion.removeEventListener("change", changed); });
  show();

  // arrows step wherever the focus is in the widget, except in what needs them itself
  el.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
    if (event.target.matches("input, select, textarea, [role=slider]")) return;
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: last }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    jump(to);
  });

  function paint(now, end) {
    [at, last] = [now, end];
    scrub.max = end;
    scrub.value = now;
    scrub.setAttribute("aria-valuetext", `step ${now} of ${end}`);
    count.textContent = `${now} / ${end}`;
  }
  return { node, paint, pause, get playing() { return playing; } };
}
