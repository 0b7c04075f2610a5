package reports

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"
)

// verdicts is a report with a check for each verdict, a, b and so on; "" leaves one out.
func verdicts(list ...Verdict) *Report {
	r := &Report{Conformance: &Conformance{}}
	for i, v := range list {
		if v != "" {
			r.Conformance.Checks = append(r.Conformance.Checks,
				Check{ID: string(rune('a' + i)), Verdict: v, Title: "t", Reason: "why"})
		}
	}
	return r
}

func compare(t *testing.T, old, now []*Report, o CompareOptions) *Comparison {
	t.Helper()
	c, err := Compare(old, now, o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestCompare(t *testing.T) {
	before := verdicts(Pass, Fail, Warning, Pass, Pass, Skipped, "", Waived, Pass, Fail, Warning)
	now := verdicts(Pass, Pass, Fail, Skipped, Inconclusive, Pass, Fail, Pass, "", Fail, Waived)
	var b bytes.Buffer
	if err := compare(t, []*Report{before}, []*Report{now}, CompareOptions{}).WriteText(&b); err != nil {
		t.Fatal(err)
	}
	golden(t, "compare.text", b.String())
	if same := compare(t, []*Report{now}, []*Report{now}, CompareOptions{}); len(same.Changes) != 0 || same.Regressed() {
		t.Errorf("a report differs from itself: %v", same.Changes)
	}
}

// TestCompareSeveralRuns: the verdict of a side is the worst that the server got in any
// of its runs, and how often it did is said.
func TestCompareSeveralRuns(t *testing.T) {
	old := []*Report{verdicts(Pass, Fail, Pass, Skipped), verdicts(Pass, Pass, Pass, Skipped),
		verdicts(Skipped, Pass, Pass, Fail)}
	now := []*Report{verdicts(Pass, Pass, Fail, Fail), verdicts(Fail, Pass, Fail, Fail),
		verdicts(Pass, Pass, Inconclusive, Skipped)}
	got := map[string]string{}
	for _, c := range compare(t, old, now, CompareOptions{}).Changes {
		got[c.ID] = c.Word() + " " + c.Verdicts()
	}
	want := map[string]string{"a": "BROKEN pass -> fail in 1 of 3 runs", "b": "fixed fail in 1 of 3 runs -> pass",
		"c": "BROKEN pass -> fail"}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
}

// loadRuns are reports of load runs on one machine whose times vary by a hundredth.
// change says what else is theirs.
func loadRuns(n int, slower float64, change func(*Load)) (out []*Report) {
	r := rand.New(rand.NewPCG(uint64(n), uint64(1000*slower)))
	for i := range n {
		one := New(KindLoad, "v0")
		one.Run.Started = time.Date(2026, 1, 2, 3, i, 0, 0, time.UTC)
		one.Target = Target{Host: "http://a.example", Spec: "rfc8628"}
		poll, start := NewHistogram(Milliseconds), NewHistogram(Milliseconds)
		of := 20 * slower * (1 + .01*r.NormFloat64())
		for range 300 {
			poll.Record(time.Duration(of * (1 + r.ExpFloat64()/20) * float64(time.Millisecond)))
			start.Record(time.Duration(30 * (1 + .01*r.NormFloat64()) * float64(time.Millisecond)))
		}
		one.Load = &Load{Profile: map[string]any{"name": "x", "devices": 20.0, "seed": 1.0, "thresholds": []any{}},
			Shard:    Shard{Count: 1, Complete: true},
			Requests: Requests{Starts: 300, Polls: 300}, Devices: Devices{Simulated: 20, Approved: 30},
			Offered: Offered{Requests: 600, Carried: 600},
			Latency: Latencies{Start: start.Distribution(), Poll: poll.Distribution()},
			Lag:     start.Distribution(), Client: Client{Machine: &Machine{"linux/amd64", 2, "AMD"}}}
		if change != nil {
			change(one.Load)
		}
		out = append(out, one)
	}
	return out
}

// outcomes of figures and events by their names, without those that did not change.
func outcomes(c *Comparison) map[string]Outcome {
	out := map[string]Outcome{}
	for _, f := range c.Load.Figures {
		if f.Outcome != NotShown {
			out[f.Name] = f.Outcome
		}
	}
	for _, e := range c.Load.Events {
		if e.Outcome != Still {
			out[e.What] = e.Outcome
		}
	}
	return out
}

// polls are the figures of polls, and others, with an outcome.
func polls(o Outcome, more ...string) map[string]Outcome {
	out := map[string]Outcome{"poll p50": o, "poll p95": o, "poll p99": o}
	for _, name := range more {
		out[name] = o
	}
	return out
}

// with adds names with outcomes.
func with(out map[string]Outcome, a string, x Outcome, b string, y Outcome) map[string]Outcome {
	out[a], out[b] = x, y
	return out
}

// TestCompareLoad: what is found where the new runs differ in one thing.
func TestCompareLoad(t *testing.T) {
	violated := func(l *Load) { l.Violations = []Violation{{Title: "tokens twice", Count: 1}} }
	missed := func(l *Load) { l.Thresholds = []Threshold{{Expression: "poll.p99 < 1s", Verdict: Fail}} }
	met := func(l *Load) { l.Thresholds = []Threshold{{Expression: "poll.p99 < 1s", Verdict: Pass}} }
	failing := func(l *Load) {
		l.Outcomes.HTTP5xx, l.Errors = 30, []ErrorKind{{Kind: "http_500", Count: 30}}
	}
	for name, test := range map[string]struct {
		old, now  []*Report
		want      map[string]Outcome
		regressed bool
		headline  string
	}{
		"equal": {loadRuns(5, 1, nil), loadRuns(6, 1, nil), map[string]Outcome{}, false,
			"No difference shown in 11 figures of 5 and 6 runs."},
		"slower": {loadRuns(5, 1, nil), loadRuns(5, 1.1, nil),
			polls(GotWorse), true, "Worse: poll p50 +"},
		"faster": {loadRuns(5, 1.1, nil), loadRuns(5, 1, nil),
			polls(GotBetter), false, "Better: poll p50 -"},
		"slower, too few": {loadRuns(4, 1, nil), loadRuns(4, 1.1, nil),
			polls(TooFewRuns, "device authorization p50", "device authorization p95", "device authorization p99", "errors",
				"carried", "slow_down", "flows approved", "lag of the load generator p99"), false,
			"Too few runs: 4 before and 4 now; it takes 5 on each side."},
		"faster, as much fails": {loadRuns(5, 1.1, nil), loadRuns(5, 1, failing),
			with(polls(Differs), "errors", GotWorse, "errors: http_500", GotBroken),
			true, "Worse: errors: http_500 and errors +5.0 points"},
		"violation in one run": {loadRuns(1, 1, nil), loadRuns(1, 1, violated), nil, true, "Worse: violation: tokens twice."},
		"violation fixed": {loadRuns(5, 1, violated), loadRuns(5, 1.001, nil),
			map[string]Outcome{"violation: tokens twice": GotFixed}, false, ""},
		"violation gone": {append(loadRuns(4, 1, nil), loadRuns(1, 1.01, violated)...), loadRuns(5, 1.002, nil),
			map[string]Outcome{"violation: tokens twice": NotSeenAgain}, false, ""},
		"threshold missed": {loadRuns(1, 1, met), loadRuns(1, 1, missed), nil, true,
			"Worse: threshold missed: poll.p99 < 1s."},
		"threshold not judged": {loadRuns(5, 1, met), loadRuns(5, 1.001, func(l *Load) {
			l.Thresholds = []Threshold{{Expression: "poll.p99 < 1s", Verdict: Inconclusive}}
		}), map[string]Outcome{"threshold missed: poll.p99 < 1s": NotJudgedAgain}, true, ""},
		"no tokens": {loadRuns(5, 1, func(l *Load) { l.Latency.TimeToToken = l.Latency.Poll }), loadRuns(5, 1.001, nil),
			map[string]Outcome{"time to token p50": NoLonger}, true, "Worse: time to token p50 is no longer measured."},
		"stopped": {loadRuns(5, 1, nil), loadRuns(5, 1, func(l *Load) { l.Stopped = &Stopped{AtSeconds: 3} }),
			map[string]Outcome{"the target stopped answering": GotBroken}, true, "Worse: the target stopped answering."},
		"an error now and then": {loadRuns(5, 1, nil), append(loadRuns(4, 1.001, nil), loadRuns(1, 1, failing)...),
			map[string]Outcome{}, false, "No difference"},
		"saturated": {loadRuns(5, 1, nil), loadRuns(5, 1.1, func(l *Load) { l.Client.Saturated, l.Client.Why = true, "lag" }),
			map[string]Outcome{}, false, "Too few runs: 5 before and 0 now"},
	} {
		t.Run(name, func(t *testing.T) {
			c := compare(t, test.old, test.now, CompareOptions{Tolerance: DefaultTolerance})
			if got := outcomes(c); test.want != nil && fmt.Sprint(got) != fmt.Sprint(test.want) {
				t.Errorf("got  %v\nwant %v", got, test.want)
			}
			if c.Regressed() != test.regressed || !strings.HasPrefix(c.Headline().Text, test.headline) {
				t.Errorf("regressed: %v; %s", c.Regressed(), c.Headline().Text)
			}
		})
	}
}

// TestTolerance: what differs by less than is tolerated is told, and is no worse.
func TestTolerance(t *testing.T) {
	c := compare(t, loadRuns(5, 1, nil), loadRuns(5, 1.1, nil), CompareOptions{Tolerance: .15})
	if c.Regressed() || outcomes(c)["poll p50"] != Tolerated {
		t.Errorf("%v", outcomes(c))
	}
}

// TestIncomparable: figures that mean different things are not compared, and the reason
// is the difference.
func TestIncomparable(t *testing.T) {
	one := func(change func(*Report)) []*Report {
		out := loadRuns(1, 1, nil)
		change(out[0])
		return out
	}
	same := one(func(*Report) {})
	grouped := func(share float64) func(*Report) {
		return func(r *Report) {
			r.Load.Profile["groups"] = []any{map[string]any{"people": map[string]any{"approve": share}}}
		}
	}
	for name, test := range map[string]struct {
		old, now []*Report
		want     string // "" where they can be
		across   string
	}{
		"same": {same, same, "", ""},
		"target": {same, one(func(r *Report) { r.Target.Host = "http://b.example" }),
			"two targets: http://a.example, contract rfc8628 and http://b.example", "target"},
		"contract": {same, one(func(r *Report) { r.Target.Spec = "documented-v1" }), "two targets", "target"},
		"devices": {same, one(func(r *Report) { r.Load.Profile["devices"] = 30.0 }),
			"two profiles: devices is 20 and 30", "profile"},
		"deep":     {one(grouped(.5)), one(grouped(1)), "two profiles: groups[0].people.approve is 0.5 and 1", "profile"},
		"a member": {same, one(grouped(1)), "two profiles: groups is absent and", "profile"},
		"seed":     {same, one(func(r *Report) { r.Load.Profile["seed"] = 2.0 }), "two seeds: 1 before, 2 now", "seed"},
		"machine": {same, one(func(r *Report) { r.Load.Client.Machine = &Machine{"linux/amd64", 8, "AMD"} }),
			"two machines: linux/amd64, 2 processors, AMD and linux/amd64, 8 processors, AMD", "machine"},
		"old report": {same, one(func(r *Report) { r.Load.Client.Machine = nil }), "", ""},
		"thresholds": {same, one(func(r *Report) { r.Load.Profile["thresholds"] = []any{"violations == 0"} }), "", ""},
		"twice":      {append(same, same...), same, "is given twice", ""},
		"no figures": {same, one(func(r *Report) { r.Load, r.Run.Problem = nil, &Problem{Message: "down"} }),
			"the new report has no figures: down", ""},
		"other kinds": {same, []*Report{verdicts(Pass)},
			"the old report is of a load run, the new one of a conformance run", ""},
		"a mixture": {append([]*Report{verdicts(Pass)}, same...), same,
			"the old reports are of a conformance run and of a load run", ""},
		"capacity": {[]*Report{New(KindCapacity, "")}, []*Report{New(KindCapacity, "")},
			"only conformance and load reports", ""},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Compare(test.old, test.now, CompareOptions{})
			if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
			if test.across == "" {
				return
			}
			c, err := Compare(test.old, test.now, CompareOptions{Across: []string{test.across}})
			if err != nil || len(c.Notes) == 0 {
				t.Errorf("across %s: %v, and nothing is noted", test.across, err)
			}
		})
	}
	embedded := func(port string) []*Report {
		return one(func(r *Report) { r.Target.Host, r.Target.ChosenBy = "http://127.0.0.1:"+port, "embedded" })
	}
	compare(t, embedded("1"), embedded("2"), CompareOptions{})
}

// active reports whether what a server sent does more than being read.
func active(format, text string) bool {
	return strings.ContainsAny(text, "\x1b\x00\u202e") || format != "text" && strings.Contains(text, "<script>alert")
}

// TestCompareFormats: a comparison in each of its formats has each of its texts, and
// nothing that a server made is more than text.
func TestCompareFormats(t *testing.T) {
	evil := verdicts(Pass, Fail)
	evil.Conformance.Checks[0].Verdict, evil.Conformance.Checks[0].Reason = Fail, hostile
	evil.Conformance.Checks[0].Title, evil.Target.Host = hostile, hostile
	load := loadRuns(5, 1.1, func(l *Load) { l.Errors = []ErrorKind{{Kind: hostile, Count: 1}} })
	load[0].Load.Client.Saturated, load[0].Load.Client.Why = true, hostile
	for name, c := range map[string]*Comparison{
		"conformance": compare(t, []*Report{verdicts(Pass, Pass)}, []*Report{evil}, CompareOptions{}),
		"load":        compare(t, loadRuns(5, 1, nil), load, CompareOptions{}),
	} {
		for format, render := range map[string]func(io.Writer) error{"text": c.WriteText, "md": c.WriteMarkdown,
			"html": c.WriteHTML} {
			var b bytes.Buffer
			if err := render(&b); err != nil {
				t.Fatal(err)
			}
			if active(format, b.String()) {
				t.Errorf("%s, %s: what a server sent is more than text", name, format)
			}
			golden(t, fmt.Sprintf("compare-%s.%s", name, format), content(format, b.String()))
		}
	}
}

// TestPageOfComparisons: the pages of comparisons, histories and matrices ask for nothing,
// fit and are accessible: dark on a telephone, light on a desk.
func TestPageOfComparisons(t *testing.T) {
	script := ""
	if os.Getenv("DFCHECK_FETCH") != "" {
		script = axeScript(t)
	}
	evil := verdicts(Pass, Fail)
	evil.Conformance.Checks[0].Verdict, evil.Conformance.Checks[0].Reason = Fail, strings.Repeat("W", 2000)+hostile
	evil.Conformance.Checks[0].Title = strings.Repeat("w", 300)
	h, err := NewHistory([]*Report{verdicts(Pass, Pass), evil})
	if err != nil {
		t.Fatal(err)
	}
	for name, write := range map[string]func(io.Writer) error{
		"conformance": compare(t, []*Report{verdicts(Pass, Pass)}, []*Report{evil}, CompareOptions{}).WriteHTML,
		"load":        compare(t, loadRuns(5, 1, nil), loadRuns(5, 1.1, nil), CompareOptions{}).WriteHTML,
		"history":     HistoryView{h, true}.WriteHTML,
		"matrix":      sampleMatrix(t, MatrixAll).WriteHTML,
		"mitigations": sampleMatrix(t, MatrixAll).WriteMitigationsHTML,
	} {
		for width, scheme := range map[int64]string{390: "dark", 1440: "light"} {
			b := openFile(t, write, viewport(width, 900), media("prefers-color-scheme", scheme))
			if over := eval[int](b, "document.documentElement.scrollWidth - innerWidth"); over > 0 {
				t.Errorf("%s is %d px wider than %d px", name, over, width)
			}
			if charts := eval[int](b, `document.querySelectorAll(".plot .uplot").length`); (charts > 0) != (name == "load") {
				t.Errorf("%s has %d charts to look closer at", name, charts)
			}
			b.silent()
			if script == "" {
				continue
			}
			eval[bool](b, `(document.querySelectorAll("details").forEach(d => d.open = true), true)`)
			eval[bool](b, script+"; true")
			for _, f := range b.violations() {
				t.Errorf("%s at %d px, %s: %s", name, width, scheme, f)
			}
		}
		openFile(t, write, withoutScripts).silent()
	}
}
