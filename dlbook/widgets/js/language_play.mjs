// language_play.mjs - writing in time: some characters a second while the widget is in sight.
import { button, reducedMotion } from "./ui.mjs";

const PACE = 12; // characters a second

// write() adds a character and returns false when there is no room; rest() is called when the playing ends
export function createPlayer({ el, write, begin, rest, signal }) {
  let playing = false, visible = true, frame = 0, time = 0, part = 0;
  const node = button("Play", () => (playing ? stop() : start()), { "aria-pressed": "false", title: `Write ${PACE} characters a second` });
  function start() {
    begin();
    playing = true;
    [time, part] = [0, 1];
    show();
    ask();
  }
  function stop() {
    if (!playing) return;
    playing = false;
    cancelAnimationFrame(frame);
    frame = 0;
    show();
    rest();
  }
  const ask = () => { if (playing && visible && !frame) frame = requestAnimationFrame(tick); };
  function tick(now) {
    frame = 0;
    part += (Math.min(100, now - (time || now)) / 1000) * PACE; // what passed out of sight does not count
    time = now;
    let room = true;
    for (; part >= 1 && room; part--) room = write();
    if (room) ask(); else stop();
  }
  function show() {
    node.textContent = playing ? "Stop" : "Play";
    node.setAttribute("aria-pressed", String(playing));
    node.hidden = reducedMotion(); // “100” writes at once
  }
  const seen = new IntersectionObserver(([entry]) => { visible = entry.isIntersecting; time = 0; ask(); });
  seen.observe(el);
  const motion = matchMedia("(prefers-reduced-motion: reduce)"), changed = () => { stop(); show(); };
  motion.addEventListener("change", changed);
  signal?.addEventListener("abort", () => { stop(); seen.disconnect(); motion.removeEventListener("change", changed); });
  show();
  return { node, stop, get playing() { return playing; } };
}
