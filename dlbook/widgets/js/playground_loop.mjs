// playground_loop.mjs - training in time: a budget for each frame, rest out of sight, a jump instead of motion.
import { reducedMotion } from "./ui.mjs";
import { epochStep } from "./playground_run.mjs";

// ms of training in a frame; epochs of a jump; epochs after which it pauses
const BUDGET = 8, REST = 10000;
export const JUMP = 100;

// current() gives { run, settings }; moved(done) is called after each piece of training, `done` when it is the last
// for now; switched() when playing begins or ends
export function createLoop({ el, current, moved, switched, signal }) {
  let playing = false, visible = true, frame = 0;
  const next = () => { if (playing && visible && !frame) frame = requestAnimationFrame(tick); };

  function play() {
    const { run, settings } = current();
    if (run.stopped) return;
    playing = !reducedMotion();
    if (playing) { switched(); next(); return; }
    for (let i = 0; i < JUMP && !run.stopped; i++) epochStep(run, settings);
    moved(true);
  }
  function pause() {
    if (!playing) return;
    playing = false;
    cancelAnimationFrame(frame);
    frame = 0;
    switched();
  }
  function tick() {
    frame = 0;
    if (!el.isConnected) return;
    const { run, settings } = current(), until = performance.now() + BUDGET, most = settings.speed || Infinity;
    let rest = false;
    for (let i = 0; i < most && !run.stopped && !rest && performance.now() < until; i++) {
      epochStep(run, settings);
      rest = run.epoch % REST === 0;
    }
    if (run.stopped || rest) pause();
    moved(!playing);
    next();
  }
  function step(fn) { // one epoch or one batch
    pause();
    const { run, settings } = current();
    if (!run.stopped) fn(run, settings);
    moved(true);
  }

  const seen = new IntersectionObserver(([entry]) => { visible = entry.isIntersecting; next(); });
  seen.observe(el);
  const motion = matchMedia("(prefers-reduced-motion: reduce)"), changed = () => { pause(); switched(); };
  motion.addEventListener("change", changed);
  signal?.addEventListener("abort", () => { pause(); seen.disconnect(); motion.removeEventListener("change", changed); });
  return { play, pause, step, get playing() { return playing; } };
}
