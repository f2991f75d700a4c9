import { h, root, watch, put, button } from "./ui.mjs";
import { newId } from "./ids.mjs";
import { marked, plain } from "./markup.mjs";
import { unseal, readNumber, showNumber, judge } from "./quiz_answer.mjs";

const TITLE = { choice: "Check yourself", choices: "Check yourself", number: "Check yourself", prediction: "Predict first" };
const ASK = { choice: "Choose an option first.", choices: "Mark at least one option first.", prediction: "Choose what you expect first." };
const HOW = { choices: "Several may be right.", number: "A number such as 8, 0.5, 1/3 or 1e-3." };
const VERDICT = { true: ["right", "✓", "Right."], false: ["wrong", "✗", "Not yet."], null: ["neutral", "→", "You predicted"] };

function render({ model, el, signal }) {
  const body = root(el, "");
  el.classList.add("dlb-question");
  let life; // of the form that is shown
  const build = () => {
    life?.abort();
    life = new AbortController();
    body.replaceChildren(question(model, el, life.signal));
  };
  watch(model, ["kind", "question", "options", "hint", "sealed"], build, signal);
  signal?.addEventListener("abort", () => life.abort());
  build();
}

// the form for one question.  `response` in the model is the committed answer; what is only ticked lives in the inputs
function question(model, el, signal) {
  const kind = model.get("kind"), options = model.get("options"), text = model.get("question"), hint = model.get("hint");
  const key = unseal(model.get("sealed")), id = newId("quiz");
  let revealed = false;

  const field = kind === "number" ? numberField(id) : optionField(id, kind, options);
  const status = h("div", { role: "status", class: "dlb-verdict" });
  const clue = h("p", { id: `${id}-hint`, class: "dlb-quiz-hint", hidden: true }, h("strong", {}, "Hint: "), ...marked(hint));
  const main = button("Check", null, { type: "submit", class: "dlb-btn dlb-go" });
  const reveal = button("Show the answer", () => { revealed = true; refresh(); });
  const help = button("Hint", () => { clue.hidden = !clue.hidden; help.setAttribute("aria-expanded", String(!clue.hidden)); },
    { "aria-expanded": "false", "aria-controls": clue.id });
  const fieldset = h("fieldset", {}, h("legend", {}, ...marked(text)), field.node);
  const form = h("form", { class: "dlb-quiz", novalidate: true, onsubmit: submit },
    fieldset, clue, h("div", { class: "dlb-row" }, main, reveal, help), status);
  form.addEventListener("input", () => { if (answered()) put(model, "response", null); else say(); });

  form.addEventListener("keydown", (event) => { // the browser would do the same, but JupyterLab keeps Enter from it
    if (event.key !== "Enter" || event.target.tagName !== "INPUT") return;
    event.preventDefault();
    form.requestSubmit(main);
  });

  const answered = () => model.get("response") != null;
  const say = (...nodes) => { status.className = "dlb-verdict"; status.replaceChildren(...nodes); };

  function submit(event) {
    event.preventDefault();
    if (answered()) return again();
    const { value, problem } = field.read();
    if (problem) { field.complain(true); say(h("p", {}, problem)); paint(); return; }
    put(model, "response", value);
  }
  function again() { // a fresh start, with the cursor where the next answer goes
    put(model, "response", null);
    field.write(null);
    field.first().focus();
  }
  function refresh() {
    const response = model.get("response");
    const opened = response == null;
    if (opened) revealed = false; else field.write(response);
    const verdict = opened ? {} : judge(kind, options, key, response), wrong = verdict.right === false;
    const done = !opened && (!wrong || revealed);
    if (done && fieldset.contains(document.activeElement)) main.focus(); // a disabled field would lose the focus
    fieldset.disabled = done;
    form.dataset.state = opened ? "open" : done ? "done" : "wrong";
    main.textContent = opened ? (kind === "prediction" ? "Commit to this prediction" : "Check") : done ? "Start over" : "Try again";
    main.classList.toggle("dlb-go", opened);
    reveal.hidden = !wrong || revealed;
    help.hidden = !hint || done;
    if (done) clue.hidden = true;
    field.complain(false);
    field.mark?.(opened ? null : { response, key, done, told: !revealed });
    if (opened) say(); else conclude(verdict, response);
    paint();
  }
  function conclude({ right, text: told }, response) {
    const [tone, icon, word] = revealed ? ["neutral", "→", "The answer"] : VERDICT[right];
    const head = kind === "prediction" ? [`${word}: `, ...marked(response)] : revealed ? [`${word} is ${solution()}.`] : [word];
    const lines = [h("p", {}, h("span", { class: "dlb-icon", "aria-hidden": "true" }, icon), h("strong", {}, ...head))];
    if (told && !revealed) lines.push(h("p", {}, ...marked(told)));
    if (key.explain && (right !== false || revealed)) lines.push(h("p", {}, ...marked(key.explain)));
    say(...lines);
    status.classList.add(`dlb-${tone}`);
  }
  const solution = () => (kind === "number" ? showNumber(key.value) : "marked above");
  const paint = () => { el.dataset.painted = String(+(el.dataset.painted || 0) + 1); };

  const title = TITLE[kind];
  el.setAttribute("aria-label", `${title}: ${plain(text)}`);
  el.querySelector(".dlb-title").textContent = title;
  watch(model, ["response"], refresh, signal);
  refresh();
  return form;
}

function numberField(id) {
  const input = h("input", { type: "text", id, inputmode: "text", autocomplete: "off", spellcheck: "false", "aria-describedby": `${id}-how` });
  return {
    node: h("div", { class: "dlb-quiz-number" }, h("label", { for: id }, "Your answer"), input,
      h("span", { id: `${id}-how`, class: "dlb-quiz-how" }, HOW.number)),
    first: () => input,
    read: () => readNumber(input.value),
    write: (value) => { if (value == null) input.value = ""; else if (readNumber(input.value).value !== value) input.value = String(value); },
    complain: (on) => { if (on) input.setAttribute("aria-invalid", "true"); else input.removeAttribute("aria-invalid"); },
  };
}

function optionField(id, kind, options) {
  const type = kind === "choices" ? "checkbox" : "radio";
  const rows = options.map((text, i) => {
    const input = h("input", { type, name: id, id: `${id}-${i}`, "aria-describedby": `${id}-${i}-note` });
    const tag = h("span", { class: "dlb-quiz-tag" }), note = h("p", { id: `${id}-${i}-note`, class: "dlb-quiz-note", hidden: true });
    const row = h("div", { class: "dlb-quiz-option" }, h("label", { for: input.id }, input, h("span", {}, ...marked(text)), tag), note);
    return { text, input, tag, note, row };
  });
  const ticked = () => rows.filter((r) => r.input.checked).map((r) => r.text);
  return {
    node: h("div", {}, HOW[kind] && h("p", { class: "dlb-quiz-how" }, HOW[kind]), ...rows.map((r) => r.row)),
    first: () => (rows.find((r) => r.input.checked) ?? rows[0]).input,
    read: () => {
      const chosen = ticked();
      return chosen.length ? { value: type === "radio" ? chosen[0] : chosen } : { problem: ASK[kind] };
    },
    write: (value) => { const chosen = [value].flat(); rows.forEach((r) => { r.input.checked = chosen.includes(r.text); }); },
    complain: () => {},
    // after an answer: what was chosen, and, once it is settled, what was right and why
    mark: (state) => rows.forEach((r, i) => {
      const mine = state && [state.response].flat().includes(r.text), right = state?.key.right?.includes(i);
      const told = state && (state.done || mine) && kind !== "prediction";
      r.row.dataset.mark = told && right ? "right" : told && mine ? "wrong" : mine ? "mine" : "";
      r.tag.textContent = !told ? "" : right ? "✓ right" : mine ? "✗ not this" : "";
      // what is said about the one chosen option stands in the verdict
      const elsewhere = type === "radio" && mine && state.told;
      r.note.hidden = !(state && (state.done || mine) && !elsewhere);
      r.note.replaceChildren(...(r.note.hidden ? [] : marked(state.key.feedback[i])));
    }),
  };
}

export default { params: {}, render };
