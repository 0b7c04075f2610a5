package reports

import (
	"fmt"
	"io"
	"math"
	"slices"

	"github.com/dfcheck/dfcheck/reports/shift"
)

// WriteText renders a comparison for a terminal.
func (c *Comparison) WriteText(w io.Writer) error {
	p := &printer{w: w}
	if c.Load != nil {
		p.printf("%s\n\n", legible(c.Headline().Text))
		p.blocks(c.blocks(), false)
		return p.err
	}
	for _, ch := range c.Changes {
		p.printf("%-16s %-15s %s  %s\n", ch.Word(), legible(ch.ID), ch.Verdicts(), legible(ch.Title))
		if (ch.Worse() || ch.Untested()) && ch.New != "" && ch.Reason != "" {
			p.printf("                 %s\n", short(legible(ch.Reason), 200))
		}
	}
	for _, n := range c.Notes {
		p.printf("note: %s\n", legible(n))
	}
	p.printf("%s\n", c.tally())
	return p.err
}

// tally counts the changes.
func (c *Comparison) tally() string {
	count := c.counts()
	return fmt.Sprintf("%d broken, %d no longer tested, %d fixed, %d newly tested, %s; %s as before", count[broken],
		count[untested], count[fixed], count[newlyTested], Count(count[other], "other change", "other changes"),
		Count(c.stillFailing(), "check fails", "checks fail"))
}

// stillFailing counts the checks that failed on both sides.
func (c *Comparison) stillFailing() (n int) {
	before, after := standings(c.Old), standings(c.New)
	for _, s := range after.list {
		if s.Verdict == Fail && before.of(s.ID).Verdict == Fail {
			n++
		}
	}
	return n
}

// WriteMarkdown renders a comparison for pull requests.
func (c *Comparison) WriteMarkdown(w io.Writer) error {
	p := &paper{}
	h := c.Headline()
	p.add("the headline", func(p *printer) {
		p.printf("# dfcheck %s: before and now\n\n**%s**\n", c.kind(), cell(h.Text))
	})
	for _, b := range c.blocks() {
		if b.empty() {
			continue
		}
		if b.detail {
			p.fold(b.title, b.title, func(p *printer) { b.title = ""; p.markdownBlocks([]block{b}) })
			continue
		}
		p.add("a table", func(p *printer) { p.markdownBlocks([]block{b}) })
	}
	return p.write(w)
}

// blocks are a comparison in words and tables.
func (c *Comparison) blocks() []block {
	notes := block{}
	notes.notes(c.Notes)
	if c.Load != nil {
		l := c.Load
		return []block{sideBlock(c.Old, c.New), l.eventBlock(), l.figureBlock(), l.meaning(), l.trendBlock(), notes,
			l.pooledBlock()}
	}
	said := block{}
	said.add("%s", c.tally())
	return []block{sideBlock(c.Old, c.New), said, c.changeBlock(), notes}
}

// changeBlock has a line for each check whose verdict differs.
func (c *Comparison) changeBlock() block {
	b := block{table: [][]string{{"change", "check", "before", "now", "what", "why"}}}
	for _, ch := range c.Changes {
		why := ""
		if ch.New != "" && ch.New != Pass {
			why = ch.Reason
		}
		b.table = append(b.table, []string{ch.Word(), ch.ID, known(ch.Old) + after(" ", ch.OldOften),
			known(ch.New) + after(" ", ch.NewOften), ch.Title, short(why, 400)})
	}
	return b
}

func (l *LoadChange) eventBlock() block {
	b := block{table: [][]string{{"what happened", "before", "now", "finding"}}}
	for _, e := range l.Events {
		b.table = append(b.table, []string{e.What, seen(e.Old, e.OldRuns), seen(e.New, e.NewRuns), string(e.Outcome)})
	}
	return b
}

func (l *LoadChange) figureBlock() block {
	b := block{table: [][]string{{"figure", "before", "now", "difference", "p", "finding"}}}
	for _, f := range l.Figures {
		finding := string(f.Outcome) + after(": ", f.Why)
		b.table = append(b.table, []string{f.Name, f.old(), f.now(), f.difference(), f.p(), finding})
	}
	return b
}

// meaning says how the table is to be read.
func (l *LoadChange) meaning() (b block) {
	if len(l.Figures) == 0 {
		return b
	}
	if !shift.Testable(l.Old, l.New) {
		b.add("%s: with %d before and %d now no difference can be told from chance", TooFewRuns, l.Old, l.New)
		return b
	}
	b.add("before and now are means of %d and %d runs. All intervals hold together with %g %% confidence, and p is how "+
		"often any figure differs as much when the runs are shuffled: up to %g it is a difference.", l.Old, l.New,
		100*(1-shift.Level), shift.Level)
	return b
}

// pooledBlock has the times of all requests of a side together.
func (l *LoadChange) pooledBlock() block {
	var both []spread
	for i := range l.pooled[0] {
		for side, when := range []string{"before", "now"} {
			s := l.pooled[side][i]
			both = append(both, spread{s.name + ", " + when, s.d})
		}
	}
	return block{title: "All requests of each side together", detail: true,
		table: distributionTable("milliseconds", both)}
}

func (l *LoadChange) headline() Headline {
	var bad, good []string
	for _, f := range l.Figures {
		switch {
		case f.Outcome == NoLonger:
			bad = append(bad, f.Name+" is no longer measured")
		case f.Outcome == GotWorse:
			bad = append(bad, f.Name+" "+f.by())
		case f.Outcome == GotBetter:
			good = append(good, f.Name+" "+f.by())
		}
	}
	bad = slices.Concat(l.events(GotBroken), l.events(NotJudgedAgain), l.grown(GotWorse), bad)
	good = slices.Concat(good, l.grown(GotBetter), l.events(GotFixed))
	switch {
	case len(bad) > 0:
		return Headline{Fail, "Worse: " + sentence(few(bad))}
	case len(good) > 0:
		return Headline{Pass, "Better: " + sentence(few(good))}
	case l.undecided():
		return Headline{Inconclusive, fmt.Sprintf("Too few runs: %d before and %d now; it takes %d on each side.%s",
			l.Old, l.New, shift.Needed(), l.growAlike())}
	}
	tested := 0
	for _, f := range l.Figures {
		if f.compared() {
			tested++
		}
	}
	return Headline{Pass, fmt.Sprintf("No difference shown in %s of %d and %d runs.", plural(tested, "figure"),
		l.Old, l.New)}
}

// few is the beginning of a list for a sentence.
func few(list []string) []string {
	const most = 4
	if len(list) <= most {
		return list
	}
	return append(slices.Clone(list[:most]), fmt.Sprintf("%d more", len(list)-most))
}

// amount of a figure, with its unit.
func (f FigureChange) amount(v float64) string {
	switch f.Unit {
	case "ms":
		return figure(v) + " ms"
	case "share":
		return figure(100*v) + " %"
	}
	return figure(v)
}

// compared reports whether both sides have the figure.
func (f FigureChange) compared() bool {
	return !slices.Contains([]Outcome{TooFewMeasured, NoLonger, NewlyMeasured}, f.Outcome)
}

func (f FigureChange) old() string { return f.either(f.Old) }
func (f FigureChange) now() string { return f.either(f.New) }

func (f FigureChange) either(v float64) string {
	if !f.compared() {
		return "–"
	}
	return f.amount(v)
}

// by is the difference: of times as a share of what they were, of shares as it is.
func (f FigureChange) by() string {
	if !f.compared() {
		return "–"
	}
	scale, unit := f.scale()
	return signed(scale*(f.New-f.Old)) + unit
}

// difference is by how much, and the interval in which that lies.
func (f FigureChange) difference() string {
	if in := f.interval(); in != "" {
		return f.by() + " (" + in + ")"
	}
	return f.by()
}

// interval of the difference, in the same unit; empty where there is none.
func (f FigureChange) interval() string {
	if !f.compared() || math.IsInf(f.Low, 0) {
		return ""
	}
	scale, _ := f.scale()
	return signed(scale*f.Low) + " to " + signed(scale*f.High)
}

// scale makes a difference one that people read.
func (f FigureChange) scale() (by float64, unit string) {
	switch {
	case f.Unit == "share":
		return 100, " points"
	case f.Old > 0:
		return 100 / f.Old, " %"
	}
	return 1, after(" ", f.Unit)
}

func (f FigureChange) p() string {
	if !f.compared() || math.IsInf(f.Low, 0) {
		return "–"
	}
	return fmt.Sprintf("%.3f", f.P)
}

// signed writes a difference with its sign: a tenth of a per cent is finer than runs
// repeat themselves.
func signed(v float64) string {
	text := fmt.Sprintf("%+.1f", v)
	if text == "-0.0" || text == "+0.0" {
		return "0.0"
	}
	return text
}
