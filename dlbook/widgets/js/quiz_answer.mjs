// quiz_answer.mjs - reading and judging the reader's answer.  No drawing.

// the answers travel in base64, so that nobody reads them by accident in the source of the page; it is no secret
export function unseal(text) {
  return JSON.parse(new TextDecoder().decode(Uint8Array.from(atob(text), (c) => c.charCodeAt(0))));
}

const PLAIN = /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i;
export function readNumber(text) { // { value } or { problem }
  const clean = text.trim().replaceAll("−", "-").replace(/\s*\/\s*/, "/");
  if (clean === "") return { problem: "Type a number first." };
  if (clean.includes(",")) return { problem: "Write the decimal point as a point and leave out separators: 0.5 or 1000." };
  const [top, bottom, ...rest] = clean.split("/");
  if (rest.length || ![top, bottom ?? "1"].every((part) => PLAIN.test(part)))
    return { problem: "This is not a number that can be read here. Write it like 8, 0.5, 1/3 or 1e-3." };
  if (bottom !== undefined && +bottom === 0) return { problem: "A number cannot be divided by zero." };
  const value = +top / +(bottom ?? 1);
  return Number.isFinite(value) ? { value } : { problem: "This number is too large." };
}

const close = (a, b, tolerance) => Math.abs(a - b) <= tolerance + 1e-12 * Math.max(1, Math.abs(b));
export function showNumber(v) { return String(Number(v.toPrecision(6))); }

// response: an option's text (choice, prediction), a list of them (choices), a number; `key` is what unseal returned
export function judge(kind, options, key, response) {
  if (kind === "number") {
    if (close(response, key.value, key.tolerance)) return { right: true, text: "" };
    const known = key.wrong.find(([value]) => close(response, value, key.tolerance));
    return { right: false, text: known ? known[1] : "" };
  }
  if (kind === "choices") {
    const marked = response.map((text) => options.indexOf(text)), good = marked.filter((i) => key.right.includes(i)).length;
    const extra = marked.length - good, missing = key.right.length - good;
    const parts = [];
    if (extra) parts.push(marked.length === 1 ? "your mark does not belong" : extra === marked.length ? "none of your marks belong"
      : `${extra} of your ${marked.length} marks ${extra === 1 ? "does" : "do"} not belong`);
    if (missing) parts.push(`${missing} ${missing === 1 ? "option is" : "options are"} missing`);
    const words = parts.join(", and ");
    return { right: !words, text: words && `${words[0].toUpperCase()}${words.slice(1)}.` };
  }
  const i = options.indexOf(response);
  return { right: kind === "prediction" ? null : key.right.includes(i), text: key.feedback[i] };
}
