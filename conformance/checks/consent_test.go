package checks

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"

	. "github.com/dfcheck/dfcheck/conformance"
	"github.com/dfcheck/dfcheck/conformance/approve"
	"github.com/dfcheck/dfcheck/reports"
)

// walker is a form approver on a bench.
type walker struct {
	*approve.Form
	of *approve.Reference
}

func (w walker) reference() *approve.Reference { return w.of }

// pages makes the verification page say something else: pairs of what is replaced and by
// what.
func pages(pairs ...string) func(http.Handler) http.Handler {
	return paging(func(_ *http.Request, html string) string { return strings.NewReplacer(pairs...).Replace(html) })
}

// paging changes the pages of a server.
func paging(change func(r *http.Request, html string) string) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/device" && !strings.HasPrefix(r.URL.Path, "/device/") {
				next.ServeHTTP(w, r)
				return
			}
			r.ParseForm()
			a := httptest.NewRecorder()
			next.ServeHTTP(a, r)
			for name, values := range a.Header() {
				w.Header()[name] = values
			}
			w.WriteHeader(a.Code)
			w.Write([]byte(change(r, a.Body.String())))
		})
	}
}

// inTwoSteps asks whether the device is the right one before it asks what it may do.
func inTwoSteps(r *http.Request, html string) string {
	const end, deny = "</dl>", `<button type="submit" name="action" value="deny">Deny</button>`
	if r.URL.Path != "/device" || !strings.Contains(html, end) {
		return html
	}
	if r.Form.Get("mine") != "" {
		return strings.NewReplacer("Go on only if the device in front of you shows this code.", "", "<dt>Code</dt><dd>",
			"<dt>For</dt><dd hidden>").Replace(html)
	}
	front, form, _ := strings.Cut(html, end)
	hidden, _, _ := strings.Cut(form, deny)
	front, _, _ = strings.Cut(front, "<dt>Access to")
	return front + end + strings.Replace(hidden, "/device/consent", "/device", 1) +
		`<button type="submit" name="mine" value="1">Yes, it is mine</button></form></body></html>`
}

var hiddenField = regexp.MustCompile(`name="(csrf|user_code)" value="([^"]*)"`)

// decidedByAddress is a page whose button is a script that opens an address, which decides
// in the session.
func decidedByAddress(next http.Handler) http.Handler {
	var asked sync.Map // what the page of each session would send
	asking := paging(func(r *http.Request, html string) string {
		if _, form, ok := strings.Cut(html, "/device/consent"); ok {
			fields := url.Values{"action": {"approve"}}
			for _, m := range hiddenField.FindAllStringSubmatch(form, -1) {
				fields.Set(m[1], m[2])
			}
			asked.Store(r.Header.Get("Cookie"), fields)
		}
		return html
	})(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fields, ok := asked.Load(r.Header.Get("Cookie"))
		if r.URL.Path != "/device/allowed" || !ok {
			asking.ServeHTTP(w, r)
			return
		}
		decision := httptest.NewRequest(http.MethodPost, "/device/consent", strings.NewReader(fields.(url.Values).Encode()))
		decision.Header = http.Header{"Cookie": r.Header["Cookie"], "Content-Type": {"application/x-www-form-urlencoded"}}
		next.ServeHTTP(w, decision)
	})
}

var inGerman = []string{`lang="en"`, `lang="de"`, "Sign in", "Anmelden", "User name", "Name", "Password", "Kennwort", "Connect a device", "Gerät verbinden",
	"Code shown by your device", "Code auf dem Bildschirm des Geräts", "Continue", "Weiter", "Allow this device?",
	"Dieses Gerät zulassen?",
	"Go on only if the device in front of you shows this code.", "Vergleichen Sie den Code mit dem auf Ihrem Bildschirm.",
	"If you did not start this yourself, deny it: somebody may\nbe trying to get into your account.",
	"Haben Sie das nicht selbst begonnen, lehnen Sie ab.",
	"Application", "Anwendung", "Access to", "Zugriff auf", "Requested", "Angefragt", "openid", "Ihre Kennung",
	"profile", "Ihr Profil",
	"from the address", "von der Adresse", ">Device<", ">Gerät<", ">Deny<", ">Ablehnen<", ">Approve<", ">Zulassen<",
	">Done<", ">Fertig<",
	"The device is connected. You can close this page.", "Das Gerät ist verbunden. Weiter geht es am Gerät."}

func german() approve.Config {
	c := approve.ReferencePage()
	c.Steps = []approve.Step{c.Steps[0], {Fill: c.Steps[1].Fill, Press: "Anmelden"},
		{Fill: c.Steps[2].Fill, Press: "Weiter"}}
	c.Approve.Steps = []approve.Step{{Press: "Zulassen", Expect: "Das Gerät ist verbunden"}}
	c.Deny.Steps = []approve.Step{{Press: "Ablehnen"}}
	return c
}

// TestConsentInOtherWays: pages that ask in other languages and in more or fewer steps are
// judged by what they ask, with a recipe and words of their own.
func TestConsentInOtherWays(t *testing.T) {
	twoSteps := approve.ReferencePage()
	twoSteps.Approve.Steps = append([]approve.Step{{Press: "Yes, it is mine"}}, twoSteps.Approve.Steps...)
	oneStep := approve.ReferencePage()
	oneStep.Steps[2].Press, oneStep.Approve.Steps = "Approve", nil
	oneStep.Steps[2].Expect = "The device is connected"
	oneStep.Deny.Steps = nil
	onOnePage := approve.ReferencePage()
	onOnePage.Steps = onOnePage.Steps[:2]
	onOnePage.Approve.Steps = []approve.Step{{Fill: oneStep.Steps[2].Fill, Press: "Approve",
		Expect: "The device is connected"}}
	onOnePage.Deny.Steps = []approve.Step{{Fill: oneStep.Steps[2].Fill, Press: "Deny"}}
	byScript := approve.ReferencePage()
	byScript.Approve.Steps = []approve.Step{{Open: "{host}/device/allowed", Expect: "connected"}}
	byScript.Deny.Steps = []approve.Step{{Open: "{host}/device/denied"}}
	const codeForm, go_ = `action="/device">`, `<button type="submit">Continue</button>`
	const approving = `<button type="submit" name="action" value="approve">Approve</button>`
	const denying = `<button type="submit" name="action" value="deny">Deny</button>`
	known := Consent{Scopes: map[string][]string{"openid": {"Ihre Kennung"}, "profile": {"Ihr Profil"}},
		Texts: PageWords{Compare: []string{"Vergleichen Sie"}, Warning: []string{"nicht selbst begonnen"},
			Origin: []string{"Angefragt"},
			Return: []string{"Weiter geht es am Gerät"}}}
	skipped, warned := reports.Skipped, reports.Warning
	for name, tt := range map[string]struct {
		recipe  approve.Config
		pages   func(http.Handler) http.Handler
		consent Consent
		want    map[string]reports.Verdict // all others pass
	}{
		"as it is":                 {approve.ReferencePage(), pages(), Consent{}, nil},
		"in two steps":             {twoSteps, paging(inTwoSteps), Consent{}, nil},
		"what a script would open": {byScript, decidedByAddress, Consent{}, nil},
		"in German, known":         {german(), pages(inGerman...), known, nil},
		"in German, unknown": {german(), pages(inGerman...), Consent{}, map[string]reports.Verdict{
			"DF-CONSENT-001": skipped, "DF-CONSENT-006": skipped, "DF-CONSENT-009": skipped, "DF-CONSENT-013": skipped}},
		"in German, and nothing of it said": {german(),
			pages(append([]string{"Haben Sie das nicht selbst begonnen, lehnen Sie ab.", ""}, inGerman...)...),
			Consent{Scopes: known.Scopes, Texts: PageWords{Compare: known.Texts.Compare,
				Warning: []string{"Niemals für andere"}, Return: known.Texts.Return}},
			map[string]reports.Verdict{"DF-CONSENT-009": warned}},
		"code and decision on one page": {onOnePage, pages(codeForm, `action="/device/consent">`, go_, denying+approving+
			"<p>Compare the code with the one on your device. If you did not start this, deny it. "+
			"You will give it access to your account."), Consent{},
			map[string]reports.Verdict{"DF-CONSENT-004": warned, "DF-CONSENT-005": warned, "DF-CONSENT-006": skipped,
				"DF-CONSENT-010": warned,
				"DF-CONSENT-012": skipped}},
		"approved by the button of the code": {oneStep, pages(codeForm, `action="/device/consent">`, go_, approving), Consent{},
			map[string]reports.Verdict{"DF-CONSENT-001": warned, "DF-CONSENT-002": warned, "DF-CONSENT-004": warned,
				"DF-CONSENT-005": warned,
				"DF-CONSENT-006": warned, "DF-CONSENT-007": warned, "DF-CONSENT-008": warned, "DF-CONSENT-009": warned,
				"DF-CONSENT-010": warned,
				"DF-CONSENT-012": skipped}},
	} {
		t.Run(name, func(t *testing.T) {
			b := bench{server: embedded("documented-v1"), wrap: tt.pages, opts: Options{Only: []string{"CONSENT"}},
				target: func(g *Target) {
					r := g.Approver.(*approve.Reference)
					form, err := approve.NewForm(tt.recipe, approve.Env{Host: g.Host, Client: r.Client})
					if err != nil {
						t.Fatal(err)
					}
					g.Approver, g.Consent = walker{form, r}, tt.consent
				}}
			for _, r := range b.conform(t) {
				want := tt.want[r.Check.ID]
				if want == "" {
					want = reports.Pass
				}
				if r.Verdict != want {
					t.Errorf("%s is %s, want %s: %s", r.Check.ID, r.Verdict, want, r.Reason)
				}
			}
		})
	}
}
