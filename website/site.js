// site.js - what a page does besides being read.  It takes the place of the theme's scripts, which bring Bootstrap,
// write to the console, and measure every box of the page whenever something in it changes.
(() => {
  "use strict";
  const root = document.documentElement;
  const all = (selector) => document.querySelectorAll(selector);
  const fromFile = location.protocol === "file:";

  // ---- light, dark, or as the system (the script in the head has set the start)
  const system = matchMedia("(prefers-color-scheme: dark)");
  const apply = () => {
    const { mode } = root.dataset;
    root.dataset.theme = mode === "auto" ? (system.matches ? "dark" : "light") : mode;
  };
  system.addEventListener("change", apply);
  for (const button of all(".theme-switch-button"))
    button.addEventListener("click", () => {
      const modes = system.matches ? ["auto", "light", "dark"] : ["auto", "dark", "light"];
      root.dataset.mode = modes[(modes.indexOf(root.dataset.mode) + 1) % 3];
      try { localStorage.setItem("mode", root.dataset.mode); } catch { /* then only until the next page */ }
      apply();
    });

  // ---- search
  const searchDialog = document.getElementById("pst-search-dialog");
  const openSearch = () => {
    const onPage = document.querySelector("main form.bd-search input");
    if (!onPage && !searchDialog.open) searchDialog.showModal();
    const field = onPage ?? searchDialog.querySelector("input");
    field.focus();
    field.select();
  };
  const mac = /Mac|iPhone|iPad/.test(navigator.platform);
  addEventListener("keydown", (event) => {
    if ((mac ? event.metaKey : event.ctrlKey) && !event.shiftKey && !event.altKey && event.key.toLowerCase() === "k") {
      event.preventDefault();
      openSearch();
    }
  });
  for (const button of all(".search-button__button")) button.addEventListener("click", openSearch);
  if (mac) for (const key of all(".kbd-shortcut__modifier")) key.textContent = "⌘";
  // a result's excerpt is fetched from its page, which a page opened by double click may not do
  if (fromFile) DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;

  // ---- side bars: where there is no room beside the text they open as a dialog
  const move = (from, to) => {
    to.append(...from.childNodes);
    to.className = from.className;
    from.className = "";
  };
  for (const [name, room] of [["primary", "(min-width: 960px)"], ["secondary", "(min-width: 1200px)"]]) {
    const bar = document.getElementById(`pst-${name}-sidebar`), dialog = document.getElementById(`pst-${name}-sidebar-modal`);
    if (!bar || !dialog) continue;
    for (const button of all(`.${name}-toggle`))
      button.addEventListener("click", () => {
        if (matchMedia(room).matches) bar.classList.toggle("pst-sidebar-hidden");
        else { move(bar, dialog); dialog.showModal(); }
      });
    dialog.addEventListener("close", () => move(dialog, bar));
    dialog.addEventListener("click", (event) => { if (event.target.closest("a")) dialog.close(); });
    matchMedia(room).addEventListener("change", () => dialog.close());
  }
  for (const dialog of all("dialog")) {
    dialog.addEventListener("click", ({ target, clientX: x, clientY: y }) => { // beside the dialog
      const box = dialog.getBoundingClientRect();
      if (target === dialog && (x < box.left || x > box.right || y < box.top || y > box.bottom)) dialog.close();
    });
    // browsers for telephones close it by a gesture only, even with a keyboard
    dialog.addEventListener("keydown", ({ key }) => { if (key === "Escape") dialog.close(); });
  }

  // ---- the section that is being read
  const links = new Map([...all("#pst-page-toc-nav a")].map((link) => [link.hash.slice(1), link]));
  const visible = new Set();
  const reading = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) isIntersecting ? visible.add(target) : visible.delete(target);
    const inner = [...visible].filter((section) => ![...visible].some((other) => other !== section && section.contains(other)));
    const [first] = inner.sort((a, b) => a.compareDocumentPosition(b) & Node.DOCUMENT_POSITION_FOLLOWING ? -1 : 1);
    const current = links.get(first?.id); // none above the first section
    for (const link of links.values()) {
      link.classList.toggle("active", link === current);
      link === current ? link.setAttribute("aria-current", "true") : link.removeAttribute("aria-current");
      link.closest(".toc-entry").classList.toggle("active", link.closest(".toc-entry").contains(current ?? null));
    }
  }, { rootMargin: "-80px 0px -70% 0px" });
  for (const id of links.keys()) {
    const place = document.getElementById(decodeURIComponent(id));
    if (place) reading.observe(place.closest("section") ?? place);
  }
  const top = document.querySelector(".sbt-scroll-pixel-helper");
  if (top) new IntersectionObserver(([{ isIntersecting }]) => document.body.classList.toggle("scrolled", !isIntersecting)).observe(top);

  // ---- a box that scrolls sideways can be reached by keyboard
  const scrolls = new ResizeObserver((entries) => {
    for (const { target } of entries)
      if (target.scrollWidth > target.clientWidth) target.tabIndex = 0;
      else target.removeAttribute("tabindex");
  });
  for (const box of all("article pre, article .output, article .pst-scrollable-table-container, article .katex-display, article .picture")) scrolls.observe(box);

  // ---- a page opened by double click may not download a neighbour: it comes as a script (website/pages.py)
  if (fromFile) addEventListener("click", async (event) => {
    const link = event.target.closest?.("a[download]");
    if (link?.protocol !== "file:") return;
    event.preventDefault();
    globalThis.DLB ??= {};
    await new Promise((onload, onerror) => {
      document.head.append(Object.assign(document.createElement("script"), { src: `${link.href}.js`, onload, onerror }));
    });
    const href = URL.createObjectURL(new Blob([DLB.file]));
    Object.assign(document.createElement("a"), { href, download: link.download }).click();
    setTimeout(() => URL.revokeObjectURL(href), 10_000);
  });

  // ---- paper is white and has no buttons: what is folded is printed open
  matchMedia("print").addEventListener("change", ({ matches }) => {
    if (matches) root.dataset.theme = "light";
    else apply();
    for (const part of all(matches ? "details:not([open])" : "details[data-printed]")) {
      part.open = matches;
      part.toggleAttribute("data-printed", matches);
    }
  });
})();
