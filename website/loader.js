// loader.js - brings the widgets of a page to life without a kernel and without the network.
// A classic script, so that it also runs in a page opened by double click.  It reads the standard
// widget-state and widget-view script tags; the build has put each widget's code into w-<hash>.js,
// big data into d-<hash>.js, and a drawing with a table for print beside each view (website/widgets.py).
(() => {
  "use strict";
  const DLB = (globalThis.DLB ??= {});
  const FORMAT = "application/vnd.jupyter.widget-";
  const STATIC = new URL(`${document.documentElement.dataset.content_root || "./"}_static/dlb/`, location.href).href;

  // ---- the model of the anywidget front-end module (AFM) contract, without a kernel behind it
  const same = (a, b) => Object.is(a, b)
    || (typeof a === "object" && typeof b === "object" && a && b && !ArrayBuffer.isView(a) && JSON.stringify(a) === JSON.stringify(b));

  class Model {
    constructor({ state, buffers = [] }) {
      this.state = { ...state };
      this.listeners = [];
      for (const { path, data } of buffers) {
        let place = this.state;
        path.slice(0, -1).forEach((key, i) => { place = place[key] ??= typeof path[i + 1] === "number" ? [] : {}; });
        place[path.at(-1)] = new DataView(Uint8Array.from(atob(data), (c) => c.charCodeAt(0)).buffer);
      }
    }
    get(name) { return this.state[name]; }
    set(name, value) {
      const values = Object.entries(typeof name === "string" ? { [name]: value } : name);
      const changed = values.filter(([key, v]) => !same(this.state[key], v));
      for (const [key, v] of changed) this.state[key] = v;
      for (const [key, v] of changed) this.fire(`change:${key}`, this, v);
      if (changed.length) this.fire("change", this);
    }
    save_changes() {} // nobody to save to
    send() {}
    on(events, fn) { for (const event of events.split(/\s+/)) this.listeners.push([event, fn]); }
    off(events, fn) {
      const gone = events?.split(/\s+/);
      this.listeners = this.listeners.filter(([e, f]) => (gone && !gone.includes(e)) || (fn && f !== fn));
    }
    fire(event, ...args) { for (const [e, fn] of [...this.listeners]) if (e === event) fn(...args); }
  }

  // ---- shareable addresses: page.html?act.x=1.5 sets the trait x of the widget with the key act
  const text = (value) => Array.isArray(value) ? value.map(text).join(",")
    : typeof value === "number" ? String(+value.toPrecision(12)) : String(value);
  const short = (value) => { const t = text(value); return t.length > 60 ? `${t.slice(0, 60)}…` : t; };

  function readAddress(model, key, params) { // returns one sentence for each setting that is refused
    const refused = [];
    for (const [name, value] of new URLSearchParams(location.search)) {
      if (!name.startsWith(`${key}.`)) continue;
      const trait = name.slice(key.length + 1);
      const known = Object.hasOwn(params, trait);
      const read = known ? params[trait](value) : undefined;
      if (read !== undefined) model.set(trait, read);
      else refused.push(`The address asks for ${short(name)} = “${short(value)}”. `
        + (known ? `Accepted is ${params[trait].expects}. Shown instead: ${short(model.get(trait)) || "nothing"}.`
          : `This widget has no such setting; it has ${Object.keys(params).join(", ") || "none"}. It is shown without it.`));
    }
    return refused;
  }
  function writeAddress(model, key, params, start) {
    let timer = 0;
    const write = () => {
      const search = new URLSearchParams(location.search);
      for (const trait of Object.keys(params)) {
        const value = text(model.get(trait));
        // only what a reader of the address would get back
        const shareable = value !== start[trait] && params[trait](value) !== undefined;
        if (shareable) search.set(`${key}.${trait}`, value);
        else search.delete(`${key}.${trait}`);
      }
      const query = search.size ? `?${search}` : location.pathname;
      try { history.replaceState(history.state, "", query + location.hash); } catch { /* some browsers forbid it for files */ }
    };
    for (const trait of Object.keys(params))
      model.on(`change:${trait}`, () => { clearTimeout(timer); timer = setTimeout(write, 300); });
  }

  // ---- views
  const sentence = (words, role) => {
    const p = document.createElement("p");
    p.className = "dlb-note";
    if (role) p.setAttribute("role", role);
    p.textContent = words;
    return p;
  };
  function fail(host, error) { // a sentence and the drawing instead of a blank
    if (host.dataset.state === "failed") return;
    host.dataset.state = "failed";
    const frame = document.createElement("div");
    frame.className = "dlb";
    frame.append(sentence("This widget could not start in this browser. Its picture and its numbers stand below."));
    host.replaceChildren(frame);
    host.nextElementSibling?.classList.add("dlb-shown");
    if (error) console.error("widget:", error);
  }

  function loadScript(src) {
    return new Promise((done, failed) => {
      const tag = Object.assign(document.createElement("script"), { src, onload: done });
      tag.onerror = () => failed(new Error(`could not load ${src}`));
      document.head.append(tag);
    });
  }
  const near = (host) => new Promise((done) => {
    const seen = new IntersectionObserver((entries) => {
      if (entries.some((e) => e.isIntersecting)) { seen.disconnect(); done(); }
    }, { rootMargin: "500px" });
    seen.observe(host);
  });

  const evaluated = new Map();
  function moduleOf(key) { // runs once for a page, as a module that is imported does
    if (!evaluated.has(key)) evaluated.set(key, DLB.modules[key]());
    return evaluated.get(key);
  }
  const started = new Map(); // name of a model: promise of {model, module, refused}
  async function start(spec) {
    if (spec.data && !DLB.data?.[spec.data]) await loadScript(`${STATIC}d-${spec.data}.js`);
    const module = moduleOf(spec.module);
    const model = new Model(spec.data ? DLB.data[spec.data] : spec);
    const key = model.get("key"), params = module.params ?? {};
    let refused = [];
    if (key) {
      const begin = Object.fromEntries(Object.keys(params).map((trait) => [trait, text(model.get(trait))]));
      refused = readAddress(model, key, params);
      writeAddress(model, key, params, begin);
    }
    await module.initialize?.({ model });
    return { model, module, refused };
  }
  async function show(host, name, spec) {
    try {
      if (spec.data) await near(host);
      if (!started.has(name)) started.set(name, start(spec));
      const { model, module, refused } = await started.get(name);
      const el = document.createElement("div");
      host.append(...refused.map((words) => sentence(words, "status")), el);
      await module.render({ model, el, signal: new AbortController().signal });
      // widgets draw in the first frame; a callback asked for now comes after theirs
      await new Promise((frame) => requestAnimationFrame(frame));
      if (host.dataset.state === "failed") return;
      host.dataset.state = "ready";
      if (!performance.getEntriesByName("dlb:ready").length) performance.mark("dlb:ready");
    } catch (error) {
      fail(host, error);
    }
  }
  // An error in the first drawing comes after `render`.  The name of the file says whose it is; where the browser keeps
  // that secret (pages opened by double click), it belongs to one of those that have not drawn yet.
  addEventListener("error", ({ filename, message }) => {
    const [, module] = /\/w-(\w+)\.js/.exec(filename ?? "") ?? [];
    if (!module && message !== "Script error.") return;
    for (const host of document.querySelectorAll(".dlb-host[data-state=waiting]"))
      if (!host.querySelector("[data-painted]") && host.hasChildNodes() && (!module || module === host.dataset.module)) fail(host);
  });

  async function begin() {
    const states = document.querySelectorAll(`script[type="${FORMAT}state+json"]`);
    const specs = Object.assign({}, ...[...states].map((tag) => JSON.parse(tag.textContent).state));
    const places = [...document.querySelectorAll(`script[type="${FORMAT}view+json"]`)].map((tag) => {
      const name = JSON.parse(tag.textContent).model_id;
      const host = Object.assign(document.createElement("div"), { className: "dlb-host" });
      Object.assign(host.dataset, { state: "waiting", module: specs[name].module });
      const drawing = tag.previousElementSibling;
      (drawing?.classList.contains("dlb-fallback") ? drawing : tag).before(host);
      return [host, name, specs[name]];
    });
    // one widget a frame: the first is there at once, and the page answers in between
    for (const [host, name, spec] of places) {
      const shown = show(host, name, spec);
      if (!spec.data) await shown;
    }
  }
  begin();
})();
