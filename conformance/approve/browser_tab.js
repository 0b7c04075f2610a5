// Reads the page and acts on it. Controls get a number each, so that what was
// found in the page's text is found again in the page, and what is not shown
// gets a mark, since a text does not tell.
function dfcheckLook() {
  let n = 0;
  for (const el of document.querySelectorAll("form, input, select, textarea, button, a[href]")) {
    el.setAttribute("data-dfcheck", n++);
  }
  const most = 20000; // of the elements of a page, those behind are for nobody
  for (const el of [...document.querySelectorAll("body *")].slice(0, most)) {
    const shown = el.tagName === "OPTION" || el.checkVisibility({ visibilityProperty: true });
    if (el.hasAttribute("data-dfcheck-hidden") === shown) {
      el.toggleAttribute("data-dfcheck-hidden", !shown);
    }
  }
  const [navigation] = performance.getEntriesByType("navigation");
  return {
    url: location.href,
    html: document.documentElement.outerHTML.slice(0, 1 << 20),
    status: (navigation && navigation.responseStatus) || 0,
  };
}

function dfcheckDo(what, mark, value, checked) {
  const el = document.querySelector(`[data-dfcheck="${mark}"]`);
  if (!el) return false;
  el.scrollIntoView({ block: "center" });
  switch (what) {
    case "type":
      el.focus();
      el.select();
      if (el.value !== "") document.execCommand("delete");
      break;
    case "choose":
      el.value = value;
      el.dispatchEvent(new Event("input", { bubbles: true }));
      el.dispatchEvent(new Event("change", { bubbles: true }));
      break;
    case "tick":
      if (el.checked !== checked) el.click();
      break;
    case "press":
      // After this script, since the page may go.
      setTimeout(() => (el.tagName === "FORM" ? el.requestSubmit() : el.click()));
      break;
  }
  return true;
}

// Makes invisible, before a picture, what is typed and what is no text, and returns
// the text that stays.
function dfcheckCover(root = document) {
  let text = root === document ? document.body.innerText : root.textContent;
  for (const el of root.querySelectorAll("*")) {
    if (el.matches("iframe, frame, object, embed, canvas, svg, img, video")) {
      el.style.setProperty("visibility", "hidden", "important");
    } else if (el.matches("input, textarea, select, [contenteditable]")) {
      if (!el.matches("[type=submit], [type=button], [type=reset]")) {
        el.style.setProperty("-webkit-text-fill-color", "transparent", "important");
      } else {
        text += "\n" + el.value;
      }
    }
    if (el.shadowRoot) text += "\n" + dfcheckCover(el.shadowRoot);
  }
  return text;
}
