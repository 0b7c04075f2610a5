// The page of a run that goes on. The server says when there is more; the page is then
// fetched again, and what has changed takes the place of what stood there. What a
// reader has opened stays open, and charts keep their zoom.
(() => {
  const state = () => document.getElementById("live");
  const events = new EventSource("events");

  // keyed names what opens and closes, so that it is found again on the new page.
  function keyed(root) {
    const out = new Map(), seen = {};
    for (const d of root.querySelectorAll("details")) {
      const inner = d.querySelector(":scope > [id]")?.id, at = d.closest("section")?.getAttribute("aria-labelledby") ?? "top";
      out.set(inner ?? at + (seen[at] = (seen[at] ?? 0) + 1), d);
    }
    return out;
  }

  // peeks are the exchanges that are shown beside what cites them.
  const peeks = () => [...document.querySelectorAll(".check a[data-exchange][aria-expanded=true]")]
    .map(a => [a.closest(".check").dataset.check, a.dataset.exchange]);

  // anchor is what stands at the top of the window, and where: what comes above it must
  // not move what somebody reads.
  function anchor() {
    if (!scrollY) return null;
    const node = [...document.querySelectorAll("main [id]")].find(n => n.getBoundingClientRect().bottom > 0);
    return node && [node.id, node.getBoundingClientRect().top];
  }

  function replace(fresh) {
    const seen = peeks(), held = anchor();
    const open = new Map([...keyed(document)].map(([key, d]) => [key, d.open]));
    const focused = document.activeElement, at = focused.id, chosen = [focused.selectionStart, focused.selectionEnd];
    for (const [key, d] of keyed(fresh)) if (open.has(key)) d.open = open.get(key);
    for (const selector of ["#live", ".top", "main"]) document.querySelector(selector).replaceWith(fresh.querySelector(selector));
    const data = [document, fresh].map(d => d.getElementById("charts-data"));
    if (data[0] && data[1]) data[0].textContent = data[1].textContent;
    else if (data[1]) document.body.append(data[1]);
    document.title = fresh.title;
    page.refresh();
    for (const [check, id] of seen) {
      document.querySelector(`[data-check="${CSS.escape(check)}"] a[data-exchange="${CSS.escape(id)}"]`)?.click();
    }
    const kept = held && page.byId(held[0]);
    if (kept) scrollBy({ top: kept.getBoundingClientRect().top - held[1], behavior: "instant" });
    const again = page.byId(at);
    if (again && again !== document.activeElement) {
      again.focus({ preventScroll: true });
      if (chosen[0] != null) again.setSelectionRange(...chosen);
    }
  }

  let fetching = null, more = false;
  async function grow() {
    const answer = await fetch(location.pathname, { cache: "no-store" });
    if (!answer.ok) throw new Error(answer.statusText);
    replace(new DOMParser().parseFromString(await answer.text(), "text/html"));
  }
  function next() {
    if (fetching) { more = true; return fetching; }
    fetching = grow().catch(lost).then(() => { fetching = null; if (more) { more = false; return next(); } });
    return fetching;
  }
  function lost() {
    events.close();
    if (!state().dataset.over) state().querySelector("p").textContent = "The connection to dfcheck was lost: this is how far the run had come.";
    state().classList.add("lost");
  }
  events.addEventListener("grown", next);
  events.addEventListener("over", async () => { await next(); events.close(); });
  events.onerror = lost;
})();
