// Buttons that copy: a link, a curl line, a check as Markdown for an issue.
(() => {
  async function copy(button, text) {
    const was = button.textContent;
    try {
      await navigator.clipboard.writeText(text);
      button.textContent = "Copied";
    } catch {
      const area = document.createElement("textarea");
      area.value = text;
      document.body.append(area);
      area.select();
      button.textContent = document.execCommand("copy") ? "Copied" : "Could not copy";
      area.remove();
      button.focus();
    }
    button.dataset.copied = text;
    setTimeout(() => { button.textContent = was; }, 1500);
  }

  function button(name, text) {
    const b = document.createElement("button");
    b.type = "button";
    b.textContent = name;
    b.addEventListener("click", () => copy(b, text()));
    return b;
  }

  // fenced puts a text into a block that it cannot end.
  function fenced(text, kind = "") {
    let fence = "```";
    while (text.includes(fence)) fence += "`";
    return `${fence}${kind}\n${text}\n${fence}\n`;
  }

  // plain is a text that Markdown does not read anything into.
  const plain = text => text.replace(/\s+/g, " ").replace(/[\\`*_{}[\]<>#|@~!&]/g, "\\$&");

  function markdown(check) {
    const one = s => page.text(check.querySelector(s));
    let out = `### ${check.dataset.check}: ${plain(one("summary .title"))}\n\n`;
    out += `**${check.dataset.verdict}** (${check.dataset.level}). ${plain(one(".meta"))}\n\n`;
    for (const r of check.querySelectorAll(".reason")) out += plain(page.text(r)) + "\n\n";
    const seen = new Set();
    for (const f of check.querySelectorAll(".finding")) {
      for (const row of f.querySelectorAll(".expected, .actual")) {
        out += `- **${page.text(row.querySelector("dt"))}:** ${plain(page.text(row.querySelector("dd")))}\n`;
      }
      for (const a of f.querySelectorAll("a[data-exchange]")) seen.add(a.dataset.exchange);
      out += "\n";
    }
    const remedy = one(".remedy");
    if (remedy) out += `**What to change:** ${plain(remedy)}\n\n`;
    for (const id of [...seen].slice(0, 3)) {
      const x = page.byId(id);
      if (!x) continue;
      out += `Exchange ${id}:\n\n`;
      for (const [selector, kind] of [[".curl", "sh"], [".response", "http"]]) {
        const text = page.text(x.querySelector(selector));
        if (text) out += fenced(text, kind) + "\n";
      }
    }
    return out + `${document.title}\n`;
  }

  function onCheck(check) {
    const links = check.querySelector(".links"), id = check.dataset.check;
    links.append(button("Copy link", () => location.href.replace(/#.*/, "") + "#" + id),
      button("Copy as Markdown", () => markdown(check)));
    const first = page.byId(check.querySelector("a[data-exchange]")?.dataset.exchange)?.querySelector(".curl");
    if (first) links.append(button("Copy curl", () => page.text(first)));
  }

  function onExchange(exchange) {
    const links = document.createElement("p"), curl = exchange.querySelector(".curl");
    links.className = "links";
    links.append(button("Copy link", () => location.href.replace(/#.*/, "") + "#" + exchange.dataset.id));
    if (curl) links.prepend(button("Copy curl", () => page.text(curl)));
    exchange.lastElementChild.append(links);
  }

  // Buttons come with what is opened: there may be thousands of exchanges.
  const done = new WeakSet();
  function dress(details) {
    if (!details.open || done.has(details)) return;
    if (details.matches(".check")) onCheck(details);
    else if (details.matches(".exchange")) onExchange(details);
    done.add(details);
  }
  document.addEventListener("toggle", e => dress(e.target), true);
  page.setUp(() => document.querySelectorAll(".check[open], .exchange[open]").forEach(dress));
})();
