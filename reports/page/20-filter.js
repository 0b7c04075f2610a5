// The filter of the checks. It is one text, kept in the address as #?q=…, so that a
// link opens the same view. Values of one key widen it, keys and words narrow it, a
// minus excludes.
(() => {
  let form, input, shown, checks, bundles, opened;

  function parse(query) {
    const out = { words: [], without: [], want: {}, refuse: {} };
    for (const [, minus, key, quoted, word] of query.toLowerCase().matchAll(/(-?)(?:(verdict|level|group):)?(?:"([^"]*)"?|(\S+))/g)) {
      const value = quoted ?? word;
      if (!value) continue;
      if (!key) (minus ? out.without : out.words).push(value);
      else ((minus ? out.refuse : out.want)[key] ??= []).push(...value.split(","));
    }
    return out;
  }

  function matches(check, f) {
    for (const key in f.want) if (!f.want[key].includes(check.keys[key])) return false;
    for (const key in f.refuse) if (f.refuse[key].includes(check.keys[key])) return false;
    return f.words.every(w => check.text.includes(w)) && !f.without.some(w => check.text.includes(w));
  }

  function apply() {
    const query = input.value.trim(), f = parse(query);
    let n = 0;
    for (const c of checks) {
      c.node.hidden = !matches(c, f);
      if (!c.node.hidden) n++;
    }
    bundles.forEach((b, i) => {
      const left = b.querySelectorAll(".check:not([hidden])").length;
      b.hidden = left === 0;
      b.open = query ? left > 0 : opened[i];
      b.querySelector("h3 .n").textContent = left;
    });
    shown.textContent = query ? `${n} of ${checks.length} checks` : "";
    for (const b of form.querySelectorAll("[data-token]")) {
      const [key, value] = b.dataset.token.toLowerCase().split(":");
      b.setAttribute("aria-pressed", f.want[key]?.includes(value) ? "true" : f.refuse[key]?.includes(value) ? "mixed" : "false");
    }
  }

  // keep puts the filter into the address without another entry in the history.
  function keep() {
    const query = input.value.trim();
    history.replaceState(null, "", query ? "#?q=" + encodeURIComponent(query) : location.pathname + location.search);
    apply();
  }

  // Pressing a value wants it, then excludes it, then neither.
  function press(token) {
    const words = input.value.split(/\s+/).filter(Boolean);
    const at = words.findIndex(w => w.toLowerCase() === token.toLowerCase());
    const minus = words.findIndex(w => w.toLowerCase() === "-" + token.toLowerCase());
    if (minus >= 0) words.splice(minus, 1);
    else if (at >= 0) words[at] = "-" + token;
    else words.push(token);
    input.value = words.join(" ");
    keep();
  }

  function step(by) {
    const list = checks.filter(c => !c.node.hidden && c.node.closest(".bundle").open).map(c => c.node);
    if (!list.length) return;
    const at = list.findIndex(n => n.contains(document.activeElement)), last = list.findIndex(n => n.classList.contains("current"));
    const from = at >= 0 ? at : last;
    const next = list[Math.min(Math.max(from + by, 0), list.length - 1)];
    for (const n of list) n.classList.toggle("current", n === next);
    next.open = true;
    next.scrollIntoView({ block: "start" });
    next.querySelector("summary").focus({ preventScroll: true });
  }

  function fromAddress() {
    if (!form || !location.hash.startsWith("#?q=")) return;
    input.value = decodeURIComponent(location.hash.slice(4));
    apply();
  }

  page.clear = () => {
    if (!form) return;
    input.value = "";
    apply();
  };
  page.setUp(() => {
    form = document.querySelector(".filter");
    if (!form) return;
    input = form.querySelector("input");
    shown = form.querySelector("output");
    checks = [...document.querySelectorAll(".check")].map(node => ({
      node,
      keys: { verdict: node.dataset.verdict, level: node.dataset.level.toLowerCase(), group: node.dataset.group.toLowerCase() },
      text: node.textContent.toLowerCase(),
    }));
    bundles = [...document.querySelectorAll(".bundle")];
    opened = bundles.map(b => b.open);
    form.hidden = false;
    form.addEventListener("submit", e => e.preventDefault());
    input.addEventListener("input", keep);
    form.addEventListener("click", e => {
      const b = e.target.closest("button");
      if (b?.dataset.token) press(b.dataset.token);
      if (b?.dataset.step) step(Number(b.dataset.step));
    });
    // In the list, arrows with Alt go from check to check.
    document.getElementById("all-checks").addEventListener("keydown", e => {
      if (!e.altKey || e.key !== "ArrowDown" && e.key !== "ArrowUp") return;
      e.preventDefault();
      step(e.key === "ArrowDown" ? 1 : -1);
    });
    fromAddress();
  });
  addEventListener("hashchange", fromAddress);
})();
