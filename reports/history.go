package reports

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
)

// A History is what became of each check over conformance runs, the oldest first.
type History struct {
	Runs   []*Report
	Checks []CheckHistory
	Notes  []string
}

// A CheckHistory is the verdicts of a check, one for each run; "" where it was not
// selected.
type CheckHistory struct {
	Check    // as the newest run has it that selected it
	Verdicts []Verdict
	// Since is the first of the newest runs that agree. Runs that did not judge the
	// check are passed over, unless none has.
	Since *Report
	// Flaky says why the check is held to be flaky, empty where it is not.
	Flaky string
}

// NewHistory puts conformance runs beside each other, in whatever order they come. Runs
// of two contracts are an error.
func NewHistory(runs []*Report) (*History, error) {
	c := &Comparison{Old: runs, New: runs}
	for _, r := range runs {
		if k := cmp.Or(r.Run.Kind, KindConformance); k != KindConformance || r.Conformance == nil {
			return nil, fmt.Errorf("a history is of conformance runs with verdicts; one of these is of a %s run%s", k,
				because(r))
		}
	}
	if err := c.incomparableContracts(); err != nil {
		return nil, fmt.Errorf("runs of two contracts have no history: %s", joined(runs, contractOf))
	}
	h := &History{Runs: slices.Clone(runs)}
	slices.SortStableFunc(h.Runs, func(a, b *Report) int { return a.Run.Started.Compare(b.Run.Started) })
	if hosts := values(runs, func(r *Report) string { return r.Target.Host }); len(hosts) > 1 {
		h.Notes = append(h.Notes, "the runs are of several servers: "+sentenceList(hosts))
	}
	index := map[string]int{}
	for at, r := range h.Runs {
		for _, check := range r.Conformance.Checks {
			i, known := index[check.ID]
			if !known {
				i, index[check.ID] = len(h.Checks), len(h.Checks)
				h.Checks = append(h.Checks, CheckHistory{Verdicts: make([]Verdict, len(h.Runs))})
			}
			h.Checks[i].Check, h.Checks[i].Verdicts[at] = check, check.Verdict
		}
	}
	for i := range h.Checks {
		h.Checks[i].conclude(h.Runs)
	}
	slices.SortStableFunc(h.Checks, func(a, b CheckHistory) int { return strings.Compare(a.ID, b.ID) })
	return h, nil
}

// conclude finds since when, and whether the check is flaky.
func (c *CheckHistory) conclude(runs []*Report) {
	c.Verdict = ""
	anyJudged := slices.ContainsFunc(c.Verdicts, judged)
	for at, v := range slices.Backward(c.Verdicts) {
		if v == "" || anyJudged && !judged(v) {
			continue
		}
		if c.Verdict != "" && v != c.Verdict {
			break
		}
		c.Verdict, c.Since = v, runs[at]
	}
	c.Flaky = c.flaky(runs)
}

// flaky: a check that gives a commit both verdicts is. Without commits, one that changed
// for a single run is, and so is one that changed three times or more: what broke and
// was mended changed twice.
func (c *CheckHistory) flaky(runs []*Report) string {
	found := map[string]bool{} // by commit, for those that are known
	changes, single, last, length, failed, of := 0, false, false, 0, 0, 0
	for at, v := range c.Verdicts {
		if !judged(v) {
			continue
		}
		bad, commit := v != Pass, commitOf(runs[at])
		if was, known := found[commit]; known && was != bad && commit != "" {
			return fmt.Sprintf("commit %s passed and failed", commit)
		}
		found[commit] = bad
		if of > 0 && bad != last {
			single = single || changes > 0 && length == 1
			changes, length = changes+1, 0
		}
		if bad {
			failed++
		}
		last, length, of = bad, length+1, of+1
	}
	_, unknown := found[""]
	if changes < 3 && !(single && unknown) {
		return ""
	}
	return fmt.Sprintf("%d of %s passed, with %d changes", of-failed, plural(of, "run"), changes)
}

// Steady reports whether the check has never been anything but passed or skipped.
func (c *CheckHistory) Steady() bool {
	return !slices.ContainsFunc(c.Verdicts, func(v Verdict) bool { return v != "" && v != Pass && v != Skipped })
}

// marksOf are verdicts in a character each.
var marksOf = map[Verdict]rune{Pass: '.', Fail: 'F', Warning: 'W', Error: 'E', Waived: 'w', Inconclusive: '?',
	Skipped: '-', "": ' '}

// Marks are the verdicts in a character each, the oldest first.
func (c *CheckHistory) Marks() string {
	var b strings.Builder
	for _, v := range c.Verdicts {
		b.WriteRune(cmp.Or(marksOf[v], '?'))
	}
	return "[" + b.String() + "]"
}

// since says when it began, and with which commit.
func (c *CheckHistory) since() string {
	if c.Since == nil {
		return ""
	}
	return c.Since.Run.Started.UTC().Format("2006-01-02 15:04") + after(", ", commitOf(c.Since))
}

// Headline says what the newest runs are.
func (h *History) Headline() Headline {
	failing, flaky := 0, 0
	for _, c := range h.Checks {
		if c.Verdict == Fail || c.Verdict == Error {
			failing++
		}
		if c.Flaky != "" {
			flaky++
		}
	}
	out := Headline{Pass, fmt.Sprintf("%s: %s, %s.", plural(len(h.Runs), "run"),
		Count(failing, "check fails now", "checks fail now"), Count(flaky, "is flaky", "are flaky"))}
	switch {
	case failing > 0:
		out.Verdict = Fail
	case flaky > 0:
		out.Verdict = Warning
	}
	return out
}

// blocks are the history in words and tables: of checks that were ever found fault with,
// or of all.
func (h *History) blocks(all bool) []block {
	head := block{}
	head.label("runs", "%s", described(h.Runs))
	table := block{table: [][]string{{"now", "check", "since", "runs", "flaky", "what"}}}
	steady := 0
	for i := range h.Checks {
		c := &h.Checks[i]
		if c.Steady() && !all {
			steady++
			continue
		}
		now := strings.ToUpper(known(c.Verdict))
		table.table = append(table.table, []string{now, c.ID, c.since(), c.Marks(), c.Flaky, c.Title})
	}
	end := block{}
	if steady > 0 {
		end.add("%s passed or skipped in every run: --verbose shows them",
			Count(steady, "further check was", "further checks were"))
	}
	end.label("runs, the oldest first", ". pass, F fail, W warning, w waived, ? inconclusive, - skipped, E error")
	end.notes(h.Notes)
	return []block{head, table, end}
}

// A HistoryView is a history as it is shown: of all checks, or of those that were ever
// found fault with.
type HistoryView struct {
	*History
	All bool
}

// WriteText renders a history for a terminal.
func (h HistoryView) WriteText(w io.Writer) error {
	p := &printer{w: w}
	p.printf("%s\n\n", h.Headline().Text)
	list := h.blocks(h.All)
	p.blocks(list[:1], true)
	for i, row := range list[1].table {
		if len(list[1].table) > 1 {
			flaky := after("FLAKY ", row[4])
			if i == 0 {
				flaky = ""
			}
			line := fmt.Sprintf("%-12s %-15s %-30s %s  %s", row[0], legible(row[1]), legible(row[2]), legible(row[3]),
				legible(flaky))
			p.printf("%s\n", strings.TrimRight(line, " "))
			if i > 0 && row[5] != "" {
				p.printf("             %s\n", legible(row[5]))
			}
		}
	}
	p.blocks(list[2:], true)
	return p.err
}

// WriteMarkdown renders a history for pull requests and wikis.
func (h HistoryView) WriteMarkdown(w io.Writer) error {
	p := &paper{}
	p.add("the headline", func(p *printer) {
		p.printf("# dfcheck conformance: history\n\n**%s**\n", cell(h.Headline().Text))
	})
	for _, b := range h.blocks(h.All) {
		p.add("a table", func(p *printer) { p.markdownBlocks([]block{b}) })
	}
	return p.write(w)
}

// WriteHTML renders a history as one page that needs nothing else.
func (h HistoryView) WriteHTML(w io.Writer) error {
	return htmlTemplate().ExecuteTemplate(w, "history.html", &historyPage{h, newSheet(false)})
}

// historyPage is a history as its page shows it.
type historyPage struct {
	HistoryView
	sheet
}

// Blocks of the page.
func (p *historyPage) Blocks() []shownBlock { return shownBlocks(p.blocks(p.All)...) }

// Title is what the browser calls the page.
func (p *historyPage) Title() string { return "dfcheck conformance: history" }
