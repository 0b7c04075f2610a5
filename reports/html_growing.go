package reports

import (
	"html/template"
	"io"
	"time"
)

// Growing is how far the run of a page is that is shown while it goes on.
type Growing struct {
	Elapsed, Duration time.Duration
	Now               string // what the run does, and how far it is beside the time; may be empty
	Checks            int    // that the run is to judge
	Over              bool   // the page will not grow any more
}

// WriteGrowing renders a report of a run that goes on as a page that asks the place
// that it came from for more.
func WriteGrowing(w io.Writer, r *Report, g Growing) error {
	p := newPage(r)
	p.Growing = &g
	p.Scripts = append(p.Scripts, template.JS(pageFile("live/live.js")))
	return htmlTemplate().Execute(w, p)
}

// running reports whether the run of the page goes on.
func (p *page) running() bool { return p.Growing != nil && !p.Growing.Over }

// Headline of a run that goes on is how it stands.
func (p *page) Headline() Headline {
	h := p.Report.Headline()
	switch {
	case !p.running():
	case p.Conformance == nil && p.Load == nil:
		h = Headline{Inconclusive, "The run has not begun."}
	case p.Conformance != nil && h.Verdict == Inconclusive:
		h = Headline{Inconclusive, "No check has been judged yet."}
	default:
		h.Text = "So far: " + h.Text
	}
	return h
}

// Text says how far the run is.
func (g *Growing) Text() string {
	if g.Over {
		return "The run is over."
	}
	text := "The run goes on: " + Clock(g.Elapsed.Truncate(time.Second))
	if g.Duration > 0 {
		text += " of " + Clock(g.Duration)
	} else {
		text += " so far"
	}
	if g.Now != "" {
		text += ", " + g.Now
	}
	return text + "."
}

// Share of the run that is over, 0 to 1.
func (g *Growing) Share() float64 {
	if g.Over || g.Duration <= 0 {
		return 1
	}
	return min(g.Elapsed.Seconds()/g.Duration.Seconds(), 1)
}
