package refserver

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
)

const consentForm = `<form method="post" action="/device/consent">`

// shownName is a name of the client or of what it asks for, on the page.
var shownName = regexp.MustCompile(`(?:Application|Access to)</dt><dd>([^<]+)</dd>`)

// pageVariant is a page that asks in another way.
func pageVariant(name, doc string, pairs ...string) Fault {
	return Fault{Name: name, Doc: doc, Wrap: rewritePage(pairs...)}
}

// consentVariants ask for the decision in other ways.
var consentVariants = []Fault{
	{
		Name: "decision-in-two-forms", Doc: "Each decision has a form with one button.",
		Wrap: rewrite(func(_ *http.Request, a *recorded) {
			before, form, ok := strings.Cut(string(a.body), consentForm)
			if hidden, _, found := strings.Cut(form, denyButton); ok && found {
				a.body = []byte(before + consentForm + strings.Replace(form, denyButton, denyButton+"</form>"+consentForm+hidden,
					1))
			}
		}),
	},
	onwards(Fault{Name: "entry-redirects",
		Doc: "Who has entered a code is redirected to the decision, with a random state."},
		func(*grant) url.Values { return url.Values{"state": {random(24)}} }),
	{
		Name: "link-in-script", Doc: "The page that a link leads to has what the link says in a script, as it came.",
		Wrap: rewrite(func(r *http.Request, a *recorded) {
			if code, _ := json.Marshal(r.URL.Query().Get("user_code")); isPage(r, a) {
				a.body = append(a.body, `<script type="application/json">{"code":`+
					strings.NewReplacer(`\u003c`, "<", `\u003e`, ">").Replace(string(code))+"}</script>"...)
			}
		}),
	},
	{
		Name: "link-code-ignored", Doc: "The page that a link leads to does not show what the link says.",
		Wrap: linkShown(func(string) string { return "" }),
	},
	{
		Name: "first-tab-refused",
		Doc:  "A session that has seen the code of another device refuses a decision on the one before.",
		Wrap: seenLast(func(code, _ string) (*answer, string) {
			return problem(http.StatusConflict, "this page is no longer good"), code
		}),
	},
	pageVariant("refusal-by-link", "A link refuses, and a button that does nothing comes first.",
		denyButton, `<button type="submit" hidden disabled></button>`, approving, approving+`<a href="/device">Cancel</a>`),
	pageVariant("approval-comes-first", "The button that approves is the first of two, in a form without fields.",
		denyButton, "", approving, approving+denyButton),
	pageVariant("refusal-by-closing", "Whoever does not want the device closes the page.",
		denyButton, "", textWarning, "If this was not you, someone else is trying to sign in: simply close this page."),
	pageVariant("code-compared-in-other-words", "Another sentence asks to compare the code.",
		"<dt>Code</dt><dd>", `<dt>Code</dt><dd class="code">`, textCompare, "Compare: is this the code you see on your device?"),
	pageVariant("landmarks", "The page is laid out in landmarks, with headings and descriptions.",
		"<main>", `<a href="#main">Skip to the question</a><nav><a href="/help">Help</a></nav><main id="main">`,
		"</main>", `</main><footer><button type="button">Change language</button></footer>`,
		"<dl>", `<section aria-labelledby="what"><h2 id="what">What asks</h2><dl>`, "</dl>", "</dl></section>",
		denyButton, strings.Replace(denyButton, "<button", `<button aria-describedby="what"`, 1)),
	{
		Name: "names-in-hidden-fields", Doc: "The form repeats what the page says in fields that are not shown.",
		Wrap: rewrite(func(_ *http.Request, a *recorded) {
			before, form, ok := strings.Cut(string(a.body), consentForm)
			for i, row := range shownName.FindAllStringSubmatch(before, -1) {
				form = fmt.Sprintf(`<input type="hidden" name="shown%d" value="%s">%s`, i, row[1], form)
			}
			if ok {
				a.body = []byte(before + consentForm + form)
			}
		}),
	},
	headerFault("page-private", "", "Browsers may keep the pages, and have to ask again.", `<script src="/page.js"></script>`,
		"Cache-Control", "private, no-cache", "Referrer-Policy", "same-origin"),
	linked(pageVariant("link-asks-at-once", "A link leads to the page of the decision, which asks in other words.",
		textCompare, "Make sure that your television displays the same code as below, and continue there afterwards.",
		textWarning, "Someone else may have sent you this link. Never approve a device that you do not have with you.")),
}
