package reports

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
)

// manyExchanges is a run that failed in everything.
func manyExchanges(n int) *Report {
	r := sample()
	c := r.Conformance
	for i := range n {
		x := Exchange{ID: fmt.Sprint("y", i), Scenario: "steady polls", Step: "due", Flow: fmt.Sprint("f", i/10),
			AtMS: float64(i), Request: Request{Method: "POST", URL: "https://auth.example.com/token"},
			Curl: "curl -i -X POST https://auth.example.com/token -H 'Accept: application/json' --data-binary " +
				"'grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Adevice_code&device_code=device_code%3Af2396b'",
			Response: &Response{Status: 400, Proto: "HTTP/1.1", Headers: map[string][]string{
				"Content-Type": {"application/json"}, "Date": {"Wed, 25 Nov 2026 22:42:42 GMT"}},
				Body: `{"error":"authorization_pending"}`}}
		c.Exchanges = append(c.Exchanges, x)
		c.Checks[1].Findings = AddFinding(c.Checks[1].Findings, Finding{Verdict: Fail, Expected: "a",
			Actual: fmt.Sprint(i % 8), Exchanges: []string{x.ID}})
	}
	return r
}

// longLoad is a load run of some seconds, with a peak in one of them.
func longLoad(seconds int) *Report {
	r := New(KindLoad, "v0")
	r.Run.Started = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	r.Target.Host = "https://auth.example.com"
	h := NewHistogram(Milliseconds)
	for i := range 5000 {
		h.Record(time.Duration(i*i) * time.Microsecond)
	}
	d := h.Distribution()
	r.Load = &Load{Latency: Latencies{Start: d, Poll: d, TimeToToken: d}, TokenWait: TokenWait{Waiting: d, Server: d},
		Lag: d, Devices: Devices{Simulated: 100}, Requests: Requests{Starts: 100, Polls: 900, PerSecond: 10},
		Stages: []Breakdown{{Name: "evening", FromSecond: float64(seconds / 2)}},
		Thresholds: []Threshold{{Expression: "poll.p99 < 50ms", Measure: "poll.p99", Limit: 50, Value: 80, Unit: "ms",
			Verdict: Fail}}}
	for i := range seconds {
		s := Second{Second: i, Starts: 1, Polls: uint64(50 + i%17), Tokens: 1, Pending: 40, SlowDowns: uint64(i % 3), P50: 3,
			P99: float64(20 + i%31), Max: float64(40 + i%97), LagP99: 1, Active: 7}
		if i == seconds/3 {
			s.Errors, s.ErrorsByKind = 33, map[string]uint64{"http_503": 30, "reset": 3}
		}
		r.Load.Timeline = append(r.Load.Timeline, s)
	}
	return r
}

// maxPage is what a page may take, in bytes.
const maxPage = 3 << 20

func TestPageSize(t *testing.T) {
	huge := sample()
	for range 2000 {
		x := huge.Conformance.Exchanges[0]
		x.Response = &Response{Status: 200, Body: strings.Repeat("w", 64<<10), Length: 64 << 10}
		huge.Conformance.Exchanges = append(huge.Conformance.Exchanges, x)
	}
	for name, r := range map[string]*Report{"2,000 exchanges": manyExchanges(2000), "a day of load": longLoad(86_400),
		"2,000 bodies of 64 KiB": huge} {
		if n := len(rendered(t, r)); n > maxPage {
			t.Errorf("the page of %s has %d bytes", name, n)
		}
	}
}

func rendered(t *testing.T, r *Report) string {
	t.Helper()
	var b strings.Builder
	if err := writeHTML(&b, r); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// A thinned line keeps the one second with errors.
func TestThinnedTimelineKeepsPeaks(t *testing.T) {
	p := newPage(longLoad(86_400))
	f := p.Load.rateChart()
	if len(f.At) > 2000 || f.At[0] != 0 || f.At[len(f.At)-1] != 86_399 {
		t.Errorf("%d points from %v to %v", len(f.At), f.At[0], f.At[len(f.At)-1])
	}
	if got := slices.Max(f.Lines[3].Values); got != 33 {
		t.Errorf("the peak of the errors is %v", got)
	}
}

func somePlan() *Report {
	r := New(KindPlan, "v0")
	r.Plan = &Forecast{Devices: 10, IntervalSeconds: 5, Rates: ForecastRates{IntervalSeconds: 5, PollsPerSecond: 2},
		Others: []ForecastRates{{IntervalSeconds: 10, PollsPerSecond: 1}}}
	return r
}

func someCapacity() *Report {
	r := New(KindCapacity, "v0")
	r.Capacity = &Capacity{Devices: 100, Low: 90, High: 110, Confidence: 0.95,
		Objectives: []string{"poll.p99 < 1s"}, Points: []CapacityPoint{{Devices: 50, P99: 3, OK: true},
			{Devices: 200, P99: 2000, Limit: "poll.p99 < 1s"}}}
	return r
}

// The page asks for nothing and complains of nothing, with scripts and without.
func TestPageIsSilent(t *testing.T) {
	for name, r := range map[string]*Report{"conformance": sample(), "load": longLoad(60), "plan": somePlan(),
		"capacity": someCapacity(), "nothing": New(KindConformance, "v0")} {
		for _, width := range []int64{390, 1440} {
			b := openPage(t, r, viewport(width, 900))
			b.silent()
			if over := eval[int](b, "document.documentElement.scrollWidth - innerWidth"); over > 0 {
				t.Errorf("%s is %d px wider than %d px", name, over, width)
			}
		}
		b := openPage(t, r, withoutScripts)
		b.silent()
		if eval[int](b, "document.querySelectorAll('h1').length") != 1 {
			t.Errorf("%s has no heading without scripts", name)
		}
	}
}

// visible are the ids of the checks that the filter left.
const visible = `[...document.querySelectorAll(".check:not([hidden])")].map(c => c.dataset.check).join(" ")`

func TestPageFilter(t *testing.T) {
	b := openPage(t, sample())
	for query, want := range map[string]string{
		"":                             "DF-SEC-001 DF-POLL-003 DF-POLL-004 DF-EXPIRY-001 DF-DENY-001 DF-POLL-001",
		"verdict:fail":                 "DF-POLL-003",
		"verdict:fail verdict:warning": "DF-POLL-003 DF-POLL-004",
		"verdict:fail,warning":         "DF-POLL-003 DF-POLL-004",
		"group:poll -verdict:pass":     "DF-POLL-003 DF-POLL-004",
		"-group:POLL level:must":       "DF-SEC-001 DF-EXPIRY-001 DF-DENY-001",
		"haste":                        "DF-POLL-004",
		`"needs approve"`:              "DF-DENY-001",
		"nothing-has-this":             "",
	} {
		eval[bool](b, fmt.Sprintf(`(() => {
			const q = document.querySelector("#q");
			q.value = %q;
			return q.dispatchEvent(new Event("input"));
		})()`, query))
		if got := eval[string](b, visible); got != want {
			t.Errorf("%q shows %q, want %q", query, got, want)
		}
		hash := eval[string](b, "location.hash")
		b.visit(hash)
		if got := eval[string](b, visible); got != want {
			t.Errorf("the link %q shows %q, want %q", hash, got, want)
		}
	}
	b.silent()
}

func TestPageChipsAndSteps(t *testing.T) {
	b := openPage(t, sample())
	press := func(selector string) {
		eval[bool](b, fmt.Sprintf("(document.querySelector(%q).click(), true)", selector))
	}
	press(`[data-token="group:POLL"]`)
	if got := eval[string](b, visible); got != "DF-POLL-003 DF-POLL-004 DF-POLL-001" {
		t.Errorf("the group shows %q", got)
	}
	press(`[data-token="group:POLL"]`)
	if got := eval[string](b, visible); got != "DF-SEC-001 DF-EXPIRY-001 DF-DENY-001" {
		t.Errorf("the group excluded shows %q", got)
	}
	press(`[data-token="group:POLL"]`)
	if got := eval[string](b, "location.hash + document.querySelector('#q').value"); got != "" {
		t.Errorf("the filter is still %q", got)
	}
	current := `document.activeElement.closest(".check")?.dataset.check ?? ""`
	press(`[data-step="1"]`)
	first := eval[string](b, current)
	press(`[data-step="1"]`)
	second := eval[string](b, current)
	press(`[data-step="-1"]`)
	if back := eval[string](b, current); first != "DF-SEC-001" || second != "DF-POLL-003" || back != first {
		t.Errorf("next, next, previous: %s, %s, %s", first, second, back)
	}
	b.silent()
}

// shown reports whether what has an id can be seen.
func shown(id string) string {
	return fmt.Sprintf(`(() => {
		const r = document.getElementById(%q).getBoundingClientRect();
		return r.height > 0 && r.top < innerHeight && r.bottom > 0;
	})()`, id)
}

// A link opens what it points to, also what is closed or filtered away, and also
// without scripts.
func TestPageDeepLinks(t *testing.T) {
	r := manyExchanges(200)
	for name, b := range map[string]*browserTest{"with": openPage(t, r), "without": openPage(t, r, withoutScripts)} {
		for _, id := range []string{"DF-POLL-001", "DF-EXPIRY-001", "x1", "y150"} {
			b.visit("#" + id)
			if !eval[bool](b, shown(id)) {
				t.Errorf("%s scripts #%s does not show it", name, id)
			}
		}
		b.silent()
	}
	b := openPage(t, r)
	b.visit("#?q=verdict:fail")
	eval[bool](b, `(location.hash = "#DF-POLL-001", new Promise(done => setTimeout(() => done(true))))`)
	if !eval[bool](b, shown("DF-POLL-001")) {
		t.Error("a link does not show what the filter hides")
	}
	eval[bool](b, `(document.querySelector("a[data-exchange=x1]").click(), true)`)
	if got := eval[string](b, `document.querySelector(".peek .curl").textContent`); got != "curl 'x'" {
		t.Errorf("the citation opens %q", got)
	}
}

func TestPageCopies(t *testing.T) {
	b := openPage(t, sample())
	b.visit("#DF-POLL-003")
	copied := func(name string) string {
		eval[bool](b, fmt.Sprintf(`(() => {
			const button = [...document.querySelectorAll("[data-check=DF-POLL-003] button")].find(b => b.textContent === %q);
			button.id = "pressed-" + button.textContent.replaceAll(" ", "-");
			return true;
		})()`, name))
		id := "pressed-" + strings.ReplaceAll(name, " ", "-")
		if err := chromedp.Do(b.ctx, chromedp.Click(chromedp.ID(id))); err != nil {
			t.Fatal(err)
		}
		return eval[string](b, fmt.Sprintf(`(async () => {
			const button = document.getElementById(%q);
			while (!button.dataset.copied) await new Promise(done => setTimeout(done, 10));
			return button.textContent + "\n" + button.dataset.copied;
		})()`, id))
	}
	for name, want := range map[string][]string{
		"Copy link": {"Copied\nfile:///", "#DF-POLL-003"},
		"Copy curl": {"Copied\ncurl 'x'"},
		"Copy as Markdown": {"Copied\n### DF-POLL-003: Pace", "**Expected:** no slow\\_down", "**Got:** ", "\\<script\\>",
			"```sh\ncurl 'x'\n```", "**What to change:** "},
	} {
		got := copied(name)
		for _, w := range want {
			if !strings.Contains(got, w) {
				t.Errorf("%s: no %q in %q", name, w, got)
			}
		}
	}
	b.silent()
}

// What a server sent is text, wherever it stands, and breaks no line of the page.
func TestPageOfAHostileServer(t *testing.T) {
	const evil = `</script></style></textarea><script>window.evil = 1</script><img src=x onerror="window.evil = 1">` +
		"\u202egnihton\x00"
	word := strings.Repeat("W", 64<<10)
	r := sample()
	r.Target = Target{Host: evil, Spec: evil, ChosenWhy: word, ClientID: evil, Issuer: word}
	c := &r.Conformance.Checks[1]
	c.Title, c.Source, c.Reason, c.Level, c.Group = evil, evil, word, evil, evil
	c.Findings = []Finding{{Verdict: Fail, Expected: evil, Actual: word, Exchanges: []string{"x1"}},
		{Verdict: Fail, Actual: evil}}
	x := &r.Conformance.Exchanges[0]
	x.Request.URL, x.Curl, x.Scenario = "javascript:"+evil, evil+word, evil
	x.Response.Body, x.Response.Proto = evil+word, evil
	r.Conformance.Notes = []string{evil, word}
	r.Conformance.Flows = []Flow{{ID: evil, Scenario: evil, Moments: []Moment{
		{Kind: MomentStart, Step: evil, Exchange: "x1", Status: 200},
		{Kind: MomentPoll, AtMS: 900, Error: evil + word, Exchange: evil}}}}
	r.Load = longLoad(10).Load
	r.Load.Stages[0].Name, r.Load.Profile = evil, map[string]any{"name": evil}
	r.Load.Timeline[3].ErrorsByKind = map[string]uint64{evil: 3}
	r.Load.Thresholds[0].Expression = evil
	r.Load.Violations = []Violation{{Title: evil, Example: word, Exchanges: []string{evil}}}
	for _, width := range []int64{390, 1440} {
		b := openPage(t, r, viewport(width, 900))
		b.visit("#x1")
		b.silent()
		if eval[bool](b, "'evil' in window || document.images.length > 0") {
			t.Error("the server's script ran")
		}
		got := eval[string](b, `document.querySelector(".check.fail .title").textContent`)
		if !strings.Contains(got, "</script></style>") || strings.ContainsAny(got, "\u202e\x00") {
			t.Errorf("the text became %q", got)
		}
		if over := eval[int](b, "document.documentElement.scrollWidth - innerWidth"); over > 0 {
			wide := eval[string](b, `[...document.querySelectorAll("body *")].filter(e => !e.closest(".scroll") &&
				e.getBoundingClientRect().right > innerWidth).map(e => e.tagName + "." + e.className).slice(0, 20).join(" ")`)
			t.Errorf("the page is %d px wider than %d px: %s", over, width, wide)
		}
	}
}

// Charts are zoomed by dragging, and their lines switched off in the legend.
func TestPageZooms(t *testing.T) {
	b := openPage(t, longLoad(600), viewport(1440, 900))
	box := eval[[]float64](b, `(() => {
		const over = page.charts[0].over;
		over.scrollIntoView({ block: "center" });
		const box = over.getBoundingClientRect();
		return [box.left, box.top];
	})()`)
	const span = `page.charts[0].scales.x.max - page.charts[0].scales.x.min`
	before := eval[float64](b, span)
	for _, e := range []struct {
		kind input.DispatchMouseEventType
		x    float64
	}{{"mouseMoved", 100}, {"mousePressed", 100}, {"mouseMoved", 150}, {"mouseMoved", 200}, {"mouseReleased", 200}} {
		err := chromedp.Do(b.ctx, chromedp.MouseEvent(e.kind, box[0]+e.x, box[1]+40, chromedp.ButtonLeft,
			chromedp.ClickCount(1)))
		if err != nil {
			t.Fatal(err)
		}
	}
	after := eval[float64](b, `new Promise(done => requestAnimationFrame(() => done(`+span+`)))`)
	if before < 590 || after > before/3 || after <= 0 {
		t.Errorf("dragging showed %v of %v seconds", after, before)
	}
	if eval[bool](b, `(page.charts[0].root.querySelectorAll(".u-series th")[1].click(), page.charts[0].series[1].show)`) {
		t.Error("the legend does not switch its line off")
	}
	b.silent()
}

// The time until a page of 2,000 exchanges stands; it is some tenths of a second where nothing else runs.
func TestPageStandsSoon(t *testing.T) {
	b := openPage(t, manyExchanges(2000))
	took := eval[float64](b, `performance.getEntriesByType("navigation")[0].loadEventStart`)
	t.Logf("2,000 exchanges stand after %.0f ms", took)
	if took > 30_000 {
		t.Errorf("2,000 exchanges stand after %.0f ms", took)
	}
}
