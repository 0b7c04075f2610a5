"use strict";
// Opens what the address points to, and shows exchanges beside what cites them.
const page = {
  byId(id) { return id ? document.getElementById(id) : null; },
  // open opens an element and everything around it.
  open(target) {
    for (let d = target.closest("details"); d; d = d.parentElement.closest("details")) d.open = true;
  },
  // text of a node without what the page added to it.
  text(node) { return node ? node.textContent.trim() : ""; },
  // setUp does something to what stands on the page, now and whenever it was replaced.
  setUps: [],
  setUp(f) { this.setUps.push(f); f(); },
  refresh() { for (const f of this.setUps) f(); },
};

(() => {
  function arrive() {
    const id = decodeURIComponent(location.hash.slice(1));
    const target = id.startsWith("?") ? null : page.byId(id);
    if (!target) return;
    const check = target.closest(".check");
    if (check && check.hidden) page.clear();
    page.open(target);
    const head = target.parentElement.matches("details") ? target.parentElement : target;
    head.scrollIntoView({ block: "start", behavior: "instant" });
    const summary = head.querySelector(":scope > summary");
    if (summary) summary.focus({ preventScroll: true });
  }

  // A citation opens the exchange in place; the link itself still works, as does a
  // click with a modifier.
  function peek(event) {
    const link = event.target.closest("a[data-exchange]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    const from = page.byId(link.dataset.exchange);
    if (!from) return;
    event.preventDefault();
    const shown = link.parentElement.querySelector(".peek");
    link.setAttribute("aria-expanded", String(!shown));
    if (shown) return shown.remove();
    const copy = document.createElement("div");
    copy.className = "peek";
    for (const child of from.childNodes) copy.append(child.cloneNode(true));
    link.parentElement.append(copy);
  }

  page.setUp(() => {
    for (const link of document.querySelectorAll("a[data-exchange]")) link.setAttribute("aria-expanded", "false");
  });
  document.addEventListener("click", peek);
  addEventListener("hashchange", arrive);
  addEventListener("beforeprint", () => {
    for (const d of document.querySelectorAll(".check.fail, .check.error")) d.open = true;
  });
  addEventListener("DOMContentLoaded", arrive);
})();
