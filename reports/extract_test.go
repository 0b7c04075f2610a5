package reports

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
)

// TestHAR: every exchange of a report, with what was sent and what came back, and who
// cites it; one without an answer too.
func TestHAR(t *testing.T) {
	r := sample()
	r.Conformance.Exchanges[0].Request = Request{Method: "POST", URL: "https://auth.example.com/token?a=1&a=2",
		Headers: map[string][]string{"Content-Type": {"application/x-www-form-urlencoded; charset=utf-8"}}, Body: "b=3&c=%20"}
	r.Conformance.Exchanges = append(r.Conformance.Exchanges, Exchange{ID: "x2", AtMS: 1500, DurationMS: 20, Error: "EOF"})
	var b bytes.Buffer
	if err := writeHAR(&b, r); err != nil {
		t.Fatal(err)
	}
	var doc struct{ Log harLog }
	if err := json.Unmarshal(b.Bytes(), &doc); err != nil {
		t.Fatal(err)
	}
	if len(doc.Log.Entries) != 2 {
		t.Fatalf("%d entries", len(doc.Log.Entries))
	}
	x, y := doc.Log.Entries[0], doc.Log.Entries[1]
	if !slices.Equal(x.Request.Query, []harPair{{"a", "1"}, {"a", "2"}}) ||
		!slices.Equal(x.Request.Body.Params, []harPair{{"b", "3"}, {"c", " "}}) || x.Response.Content.Text != hostile ||
		x.Response.Status != 400 || x.Response.Text != "Bad Request" ||
		x.Comment != "x1, steady polls; cited by DF-POLL-003 fail" {
		t.Errorf("the first entry is %+v", x)
	}
	if got := y.Started.Sub(x.Started).Seconds(); got != 1.5 || y.Time != 20 || y.Response.Status != 0 ||
		y.Response.Comment != "EOF" {
		t.Errorf("%g s after the first comes %+v", got, y)
	}
}

func table(t *testing.T, r *Report) [][]string {
	t.Helper()
	var b bytes.Buffer
	if err := writeCSV(&b, r); err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(&b).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// TestCSV: a line for each second, idle ones too, and a column for each kind of
// error; no cell that a spreadsheet would take for a formula.
func TestCSV(t *testing.T) {
	load := New(KindLoad, "v0")
	load.Load = &Load{Timeline: []Second{{Polls: 5, P50: 1.25, HDR: "secret"}, {Second: 1},
		{Second: 2, Errors: 3, ErrorsByKind: map[string]uint64{"oauth_\x1b": 1, "reset": 2}}}}
	got := table(t, load)
	for _, want := range []struct {
		row    int
		column string
		value  string
	}{{1, "second", "0"}, {1, "polls", "5"}, {1, "p50_ms", "1.25"}, {1, "errors_reset", "0"}, {2, "polls", "0"},
		{3, "errors", "3"}, {3, `errors_oauth_\x1b`, "1"}, {3, "errors_reset", "2"}} {
		column := slices.Index(got[0], want.column)
		if column < 0 || len(got) != 4 || got[want.row][column] != want.value {
			t.Fatalf("no %s of %s in row %d: %q", want.column, want.value, want.row, got)
		}
	}
	if slices.Contains(got[0], "hdr") {
		t.Error("histograms are in the table")
	}
	capacity := New(KindCapacity, "v0")
	capacity.Capacity = &Capacity{Points: []CapacityPoint{{Devices: 7, Limit: "poll.p99 < 1s"}}}
	if got := table(t, capacity); len(got) != 2 || got[1][0] != "7" || got[1][len(got[1])-1] != "poll.p99 < 1s" {
		t.Errorf("the curve is %q", got)
	}
	plan := New(KindPlan, "v0")
	plan.Plan = &Forecast{Rates: ForecastRates{IntervalSeconds: 5}, Others: []ForecastRates{{IntervalSeconds: 10}}}
	if got := table(t, plan); len(got) != 3 || got[2][0] != "10" {
		t.Errorf("the plan is %q", got)
	}
	checks := sample()
	checks.Conformance.Checks[1].Findings[0].Actual = `=HYPERLINK("http://evil.example")`
	if got := table(t, checks); len(got) != 8 || got[2][11] != `'=HYPERLINK("http://evil.example")` ||
		got[3][12] != "193" {
		t.Errorf("the findings are %q", got)
	}
}

// TestBadge: a badge is green when the exit code is 0 and something passed, and never
// else; it is a picture that is read out.
func TestBadge(t *testing.T) {
	passed, open := sample(), sample()
	passed.Conformance.Checks = passed.Conformance.Checks[:1]
	open.Conformance.Checks = []Check{{Verdict: Pass}, {Verdict: Inconclusive}, {Verdict: Skipped}}
	nothing := sample()
	nothing.Conformance.Checks = nil
	for _, tt := range []struct {
		r             *Report
		code          int
		message, fill string
	}{
		{passed, ExitOK, "1 of 1 passed", badgeGreen}, {open, ExitOK, "1 of 2 passed", badgeAmber},
		{nothing, ExitOK, "nothing passed", badgeGrey}, {sample(), ExitFailed, "1 failed", badgeRed},
		{passed, ExitFailed, "failed", badgeRed}, {passed, ExitUntested, "not tested", badgeGrey},
		{passed, ExitUndecided, "not all judged", badgeAmber}, {passed, ExitStaleWaiver, "stale waiver", badgeAmber},
		{passed, ExitInterrupted, "not tested", badgeGrey}, {New(KindLoad, "v0"), ExitOK, "nothing tested", badgeGrey},
		{filledReport(KindLoad), ExitFailed, "failed", badgeRed}, {filledReport(KindCapacity), ExitOK, "devices", badgeGreen},
	} {
		if tt.r.Conformance != nil {
			tt.r.Conformance.Summary = Tally(tt.r.Conformance.Checks)
		}
		tt.r.Run.ExitCode = tt.code
		var b bytes.Buffer
		if err := writeBadge(&b, tt.r); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(b.String(), tt.message+"</title>") || !strings.Contains(b.String(), `fill="`+tt.fill+`"`) {
			t.Errorf("exit code %d, want %q in %s:\n%s", tt.code, tt.message, tt.fill, b.String())
		}
		d := xml.NewDecoder(&b)
		for {
			if _, err := d.Token(); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatal(err)
			}
		}
	}
}

// TestMarkdownIsBounded: a report of any size fits where Markdown goes, has what
// matters most, and says what was left out.
func TestMarkdownIsBounded(t *testing.T) {
	r := sample()
	long := strings.Repeat("x``` ", 1000)
	for i := range 400 {
		id := "x" + strings.Repeat("9", i%7) + string(rune('a'+i%26))
		r.Conformance.Checks = append(r.Conformance.Checks, Check{ID: "DF-POLL-900", Verdict: Warning, Title: "Many",
			Findings: []Finding{{Expected: "few", Actual: long, Exchanges: []string{id}}}})
		r.Conformance.Exchanges = append(r.Conformance.Exchanges, Exchange{ID: id, Response: &Response{Body: long}})
	}
	var b bytes.Buffer
	if err := writeMarkdown(&b, r); err != nil {
		t.Fatal(err)
	}
	if b.Len() > 1<<20 || b.Len() < maxMarkdown/2 {
		t.Errorf("%d bytes", b.Len())
	}
	for _, want := range []string{"README.md#df-poll-003) | MUST | **fail** |", "The JSON and the HTML report have it.",
		"Left out, as a summary of a CI job takes no more: the exchanges of DF-POLL-900"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("there is no %q", want)
		}
	}
}
