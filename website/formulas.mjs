// formulas.mjs - answers each line {tex, display, macros} with a line {html, remarks} or {error}.
// It ends when its input ends, however the build ended.
import { createInterface } from "node:readline";
import katex from "../node_modules/katex/dist/katex.mjs";

for await (const line of createInterface({ input: process.stdin })) {
  const { tex, display, macros } = JSON.parse(line);
  const remarks = [];
  const strict = (code, message) => { remarks.push(message); return "ignore"; };
  let answer;
  try {
    const html = katex.renderToString(tex, { displayMode: display, macros, strict });
    // the TeX source, a third time beside HTML and MathML, serves nobody who reads the page
    answer = { html: html.replace(/<annotation [^]*?<\/annotation>/, ""), remarks };
  } catch (error) {
    answer = { error: error.message };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
