package reports

import (
	"bytes"
	"strings"
	"testing"
	"time"
)

// historyOf is a check in runs a day apart, written as its marks; the commits are those
// of the runs, none where there are none.
func historyOf(t *testing.T, marks string, commits ...string) CheckHistory {
	t.Helper()
	var runs []*Report
	for i, m := range marks {
		v := Verdict("")
		for known, mark := range marksOf {
			if mark == m {
				v = known
			}
		}
		r := verdicts(v)
		r.Run.Started = time.Date(2026, 1, 1+i, 0, 0, 0, 0, time.UTC)
		if commits != nil {
			r.Run.CI = &CI{Commit: commits[i]}
		}
		runs = append(runs, r)
	}
	h, err := NewHistory(runs)
	if err != nil {
		t.Fatal(err)
	}
	return h.Checks[0]
}

func TestHistory(t *testing.T) {
	for _, test := range []struct {
		marks, commits string // a letter for each run
		verdict        Verdict
		since          int // day
		flaky          bool
	}{
		{"....", "", Pass, 1, false},
		{"..FF", "", Fail, 3, false},
		{".FF?-", "", Fail, 2, false}, // it was not judged again
		{".F?F ", "", Fail, 2, false}, // nor in between
		{"---?", "", Inconclusive, 4, false},
		{".FFF.", "", Pass, 5, false}, // broken and mended
		{".F...", "", Pass, 3, true},  // for a single run, of nobody knows what
		{"F.FF", "", Fail, 3, true},
		{"....F", "", Fail, 5, false}, // news
		{"F....", "", Pass, 2, false},
		{".F...", "abcde", Pass, 3, false}, // with a commit of its own
		{".F...", "abbcd", Pass, 3, true},  // the same commit did both
		{".FF..", "abbcd", Pass, 4, false},
		{".F.F.", "abcde", Pass, 5, true},
		{".W.w.", "", Pass, 5, true},
		{"WWww", "", Waived, 3, false},
	} {
		var commits []string
		if test.commits != "" {
			commits = strings.Split(test.commits, "")
		}
		c := historyOf(t, test.marks, commits...)
		if c.Verdict != test.verdict || c.Since.Run.Started.Day() != test.since || (c.Flaky != "") != test.flaky {
			t.Errorf("%s since day %d, flaky %q; want %+v", c.Verdict, c.Since.Run.Started.Day(), c.Flaky, test)
		}
	}
}

// TestHistoryFormats: what a server sent is text in each format.
func TestHistoryFormats(t *testing.T) {
	evil := verdicts(Fail)
	evil.Conformance.Checks[0].Title, evil.Target.Host, evil.Run.CI = hostile, hostile, &CI{Commit: hostile}
	h, err := NewHistory([]*Report{verdicts(Pass, Pass), evil})
	if err != nil {
		t.Fatal(err)
	}
	for format, render := range map[string]func(HistoryView, *bytes.Buffer) error{
		"text": func(h HistoryView, b *bytes.Buffer) error { return h.WriteText(b) },
		"md":   func(h HistoryView, b *bytes.Buffer) error { return h.WriteMarkdown(b) },
		"html": func(h HistoryView, b *bytes.Buffer) error { return h.WriteHTML(b) },
	} {
		for _, all := range []bool{false, true} {
			var b bytes.Buffer
			if err := render(HistoryView{h, all}, &b); err != nil {
				t.Fatal(err)
			}
			if active(format, b.String()) {
				t.Errorf("%s: what a server sent is more than text", format)
			}
			name := map[bool]string{false: "history-found.", true: "history-all."}[all] + format
			golden(t, name, content(format, b.String()))
		}
	}
}
