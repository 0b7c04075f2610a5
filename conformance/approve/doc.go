// Package approve presses Approve or Deny on behalf of the person whose device
// asks for it.
//
// A map:
//
//   - approve.go: what an Approver is, and what it may be able to do beyond that;
//   - config.go, placeholders.go, secrets.go: the approve section of dfcheck.yaml;
//   - prompt.go, qrcode.go: a person at the terminal;
//   - http.go, exec.go: a request or a command for each decision;
//   - recipe.go, step.go, walk.go: recipes for HTML pages, carried out by
//     form.go (visit.go, page.go, control.go, submit.go) with plain requests and by
//     browser.go (browser_tab.go, browser_find.go) in headless Chromium;
//   - stay.go: codes that are entered in one session;
//   - view.go, sight.go: what a person gets to see on the way to a decision;
//   - tell.go, draft.go: what was seen on the way, for whoever writes a recipe, and a first one;
//   - reference.go, reference_page.go: the reference server.
package approve
