package reports

import (
	"html/template"
	"io"
	"time"
)

// Growing is how far the run of a page is that is shown while it goes on.
type Growing struct {
	Elapsed, Duration time.Duration
	Over              bool // the page will not grow any more
}

// WriteGrowing renders a report of a run that goes on as a page that asks the place
// that it came from for more.
func WriteGrowing(w io.Writer, r *Report, g Growing) error {
	p := newPage(r)
	p.Growing = &g
	p.Scripts = append(p.Scripts, template.JS(pageFile("live/live.js")))
	return htmlTemplate().Execute(w, p)
}

// Headline of a run that goes on is how it stands.
func (p *page) Headline() Headline {
	h := p.Report.Headline()
	switch {
	case p.Growing == nil || p.Growing.Over:
	case p.Conformance == nil && p.Load == nil:
		h = Headline{Inconclusive, "The run has not begun."}
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
	elapsed := duration(float64(g.Elapsed.Truncate(time.Second).Milliseconds()))
	if g.Duration <= 0 {
		return "The run goes on: " + elapsed + " so far."
	}
	return "The run goes on: " + elapsed + " of " + duration(float64(g.Duration.Milliseconds())) + "."
}

// Share of the run that is over, 0 to 1.
func (g *Growing) Share() float64 {
	if g.Over || g.Duration <= 0 {
		return 1
	}
	return min(g.Elapsed.Seconds()/g.Duration.Seconds(), 1)
}
