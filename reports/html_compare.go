package reports

import (
	"fmt"
	"html/template"
	"io"
	"math"

	"github.com/dfcheck/dfcheck/reports/chart"
)

// comparePage is a comparison as its page shows it.
type comparePage struct {
	*Comparison
	sheet
	charts []*chartFigure
}

// WriteHTML renders a comparison as one page that needs nothing else.
func (c *Comparison) WriteHTML(w io.Writer) error {
	p := &comparePage{Comparison: c, sheet: newSheet(c.Load != nil)}
	if c.Load != nil {
		p.charts = c.Load.charts()
	}
	return htmlTemplate().ExecuteTemplate(w, "compare.html", p)
}

// Title is what the browser calls the page.
func (p *comparePage) Title() string { return fmt.Sprintf("dfcheck %s: before and now", p.kind()) }

// Kind of the runs.
func (p *comparePage) Kind() Kind { return p.kind() }

// Sides are what was compared.
func (p *comparePage) Sides() (out []fact) {
	for _, e := range sideBlock(p.Old, p.New).entries {
		out = append(out, fact{Name: e.label, Value: e.text})
	}
	return out
}

// Tally counts the changes of checks.
func (p *comparePage) Tally() string { return p.tally() }

// Tone is the verdict that a change is coloured as.
func (c Change) Tone() Verdict {
	return []Verdict{broken: Fail, untested: Warning, fixed: Pass, newlyTested: Pass, other: Skipped}[c.rank()]
}

// Was and Is are the verdicts of both sides.
func (c Change) Was() string { return known(c.Old) + after(" ", c.OldOften) }

// Is is the verdict now.
func (c Change) Is() string { return known(c.New) + after(" ", c.NewOften) }

// Tone is the verdict that an outcome is coloured as.
func (o Outcome) Tone() Verdict {
	switch o {
	case GotBetter, GotFixed:
		return Pass
	case TooFewRuns, TooFewMeasured:
		return Inconclusive
	case Differs, Tolerated, NotSeenAgain:
		return Warning
	}
	if o.Bad() {
		return Fail
	}
	return Skipped
}

// Meaning says how the figures are to be read.
func (p *comparePage) Meaning() (out []string) {
	for _, e := range p.Load.meaning().entries {
		out = append(out, e.text)
	}
	return out
}

// Pooled are the times of all requests of each side together.
func (p *comparePage) Pooled() []shownBlock { return shownBlocks(p.Load.pooledBlock()) }

// Seen says in how many runs of each side an event was.
func (e EventChange) Seen() [2]string {
	return [2]string{seen(e.Old, e.OldRuns), seen(e.New, e.NewRuns)}
}

// Cells are a figure as its row shows it, without name and finding.
func (f FigureChange) Cells() []string {
	return []string{f.old(), f.now(), f.difference(), f.p()}
}

// Cells are a growth as its row shows it, without name and finding.
func (c TrendChange) Cells() []string { return c.cells() }

// The drawing of an interval, in its own units.
const intervalWidth, intervalHeight = 150.0, 18.0

// Interval draws the difference of a time with its interval on a scale that all times
// share; empty for what has none.
func (p *comparePage) Interval(f FigureChange) template.HTML {
	reach := p.Load.reach()
	if !f.drawn() || reach == 0 {
		return ""
	}
	at := func(v float64) float64 {
		return intervalWidth/2 + (intervalWidth/2-6)*min(max(v/f.Old/reach, -1), 1)
	}
	v := chart.NewCanvas(intervalWidth, intervalHeight, f.Name+": "+f.difference(), "role", "img",
		"class", "interval "+string(f.Outcome.Tone()))
	const middle = intervalHeight / 2
	v.Draw("line", "class", "zero", "x1", at(0), "y1", 0.0, "x2", at(0), "y2", intervalHeight)
	v.Draw("line", "class", "span", "x1", at(f.Low), "y1", middle, "x2", at(f.High), "y2", middle)
	v.Draw("circle", "cx", at(f.New-f.Old), "cy", middle, "r", 4.0)
	return v.HTML()
}

// drawn reports whether the interval of a figure is: those of times of the server.
func (f FigureChange) drawn() bool {
	return f.Unit == "ms" && !f.neutral && f.Old > 0 && f.compared() && !math.IsInf(f.Low, 0)
}

// Scale says how far the drawings of intervals reach.
func (p *comparePage) Scale() string {
	if reach := p.Load.reach(); reach > 0 {
		return fmt.Sprintf("−%s to +%[1]s", figure(100*reach)+" %")
	}
	return ""
}

// reach is the share that the drawings of intervals reach to: of the differences of
// times that were found all, and of the others as much as is not half as much again.
func (l *LoadChange) reach() float64 {
	reach := 0.0
	for _, f := range l.Figures {
		if f.drawn() {
			reach = max(reach, min(max(math.Abs(f.Low), math.Abs(f.High))/f.Old, 0.5), 1.2*math.Abs(f.New-f.Old)/f.Old)
		}
	}
	return reach
}

// charts are the times of all requests of each side, by percentile.
func (l *LoadChange) charts() (out []*chartFigure) {
	for i := range l.pooled[0] {
		name := l.pooled[0][i].name
		f := percentiles(name, named{"before", "s6", l.pooled[0][i].d}, named{"now", "s1", l.pooled[1][i].d})
		if f != nil {
			f.Note = "All requests of each side together; each step to the right is ten times rarer."
			out = append(out, f)
		}
	}
	return out
}

// Charts of the page.
func (p *comparePage) Charts() []*chartFigure { return p.charts }

// ChartData is what a script draws the charts from.
func (p *comparePage) ChartData() (out []chart.Data) {
	for _, f := range p.charts {
		out = append(out, f.Data())
	}
	return out
}
