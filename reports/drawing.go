package reports

import (
	"fmt"
	"html/template"
	"math"
	"unicode/utf8"

	"github.com/dfcheck/dfcheck/reports/chart"
	"github.com/dfcheck/dfcheck/spec"
)

// drawing is a flow with its picture: lanes for the person, the device and the
// server over a time axis.
type drawing struct {
	Flow
	Drawing template.HTML
	Lines   []drawnLine
}

// drawnLine is a moment in words.
type drawnLine struct{ Exchange, Text string }

// The drawing's measures, in its own units.
const (
	flowWidth, flowHeight  = 1000.0, 208.0
	flowLeft, flowRight    = 64.0, 24.0
	lanePerson, laneDevice = 34.0, 86.0
	laneServer, flowAxis   = 138.0, 186.0
	rowHeight, rows        = 13.0, 2
	letter, pollRound      = 5.9, 4.5
)

func draw(f Flow) drawing {
	out := drawing{Flow: f}
	from := f.begin()
	for _, m := range f.Moments {
		out.Lines = append(out.Lines, drawnLine{m.Exchange, m.Sentence(from)})
	}
	p := newFlowPainter(f)
	p.windows()
	p.lifetime()
	p.lanes()
	for _, m := range f.Moments {
		p.moment(m)
	}
	out.Drawing = p.HTML()
	return out
}

// begin is when the flow began, milliseconds of the run.
func (f Flow) begin() float64 {
	if len(f.Moments) == 0 {
		return 0
	}
	return f.Moments[0].AtMS
}

// flowPainter draws a flow. Seconds count from its first moment.
type flowPainter struct {
	*chart.Canvas
	flow       Flow
	begin, end float64       // seconds of the run; of the flow
	taken      [rows]float64 // how far answers were written, by row
	decided    [rows]float64 // and decisions
}

func newFlowPainter(f Flow) *flowPainter {
	p := &flowPainter{flow: f, begin: f.begin() / 1000}
	last := Moment{}
	for _, m := range f.Moments {
		if m.AtMS+m.DurationMS >= last.AtMS+last.DurationMS {
			last = m
		}
	}
	p.end = max((last.AtMS+last.DurationMS)/1000-p.begin, 0.5)
	if open(last) { // its interval is still to come
		p.end = max(p.end, min(p.end+last.IntervalSeconds, 2*p.end))
	}
	if l := f.LifetimeSeconds; l > 0 && l <= 1.5*p.end {
		p.end = max(p.end, l)
	}
	p.end *= 1.04
	p.Canvas = chart.NewCanvas(flowWidth, flowHeight, "Flow "+legible(f.ID)+" over time: person, device and server",
		"role", "group")
	return p
}

// open reports whether a device may poll on after an answer.
func open(m Moment) bool {
	switch m.Kind {
	case MomentStart:
		return m.Error == "" && m.Status != 0
	case MomentPoll:
		return m.Error == spec.ErrAuthorizationPending || m.Error == spec.ErrSlowDown
	}
	return false
}

// x is where a time of the flow stands, in seconds.
func (p *flowPainter) x(seconds float64) float64 {
	return flowLeft + (flowWidth-flowLeft-flowRight)*min(max(seconds/p.end, 0), 1)
}

// windows shade the intervals in which the device must not poll, also where a poll
// that came too early began another.
func (p *flowPainter) windows() {
	for i, m := range p.flow.Moments {
		if !open(m) {
			continue
		}
		from := (m.AtMS+m.DurationMS)/1000 - p.begin
		until := from + m.IntervalSeconds
		free := until // of the next window, for the label
		for _, next := range p.flow.Moments[i+1:] {
			if at := (next.AtMS+next.DurationMS)/1000 - p.begin; next.Kind == MomentPoll && at > from {
				free = min(free, at)
				break
			}
		}
		class, wide := "window", 12.0
		if m.IntervalSeconds > p.flow.IntervalSeconds {
			class, wide = "window slowed", 15
		}
		x, right, room := p.x(from), p.x(until), p.x(free)
		p.Open("g")
		p.Text("title", fmt.Sprintf("the interval is %g s: no poll before it has passed", m.IntervalSeconds))
		p.Draw("rect", "class", class, "x", x, "y", laneDevice-wide, "width", max(right-x, 0), "height", 2*wide)
		if room-x > 40 {
			p.Text("text", fmt.Sprintf("%g s", m.IntervalSeconds), "class", "soft", "x", (x+room)/2, "y", laneDevice+26,
				"text-anchor", "middle")
		}
		p.Close("g")
	}
}

// lifetime draws the end of the codes.
func (p *flowPainter) lifetime() {
	l := p.flow.LifetimeSeconds
	switch {
	case l <= 0:
	case l <= p.end:
		x := p.x(l)
		p.Draw("rect", "class", "over", "x", x, "y", 12, "width", flowWidth-flowRight-x, "height", flowAxis-12)
		p.Draw("line", "class", "end", "x1", x, "y1", 12, "x2", x, "y2", flowAxis)
		p.Text("text", fmt.Sprintf("codes expire, %g s", l), "class", "soft", "x", x-4, "y", 20, "text-anchor", "end")
	default:
		p.Text("text", fmt.Sprintf("codes expire at %g s →", l), "class", "soft", "x", flowWidth-flowRight, "y", 20,
			"text-anchor", "end")
	}
}

// lanes draws who there is, and the time axis.
func (p *flowPainter) lanes() {
	for _, lane := range []struct {
		name string
		y    float64
	}{{"person", lanePerson}, {"device", laneDevice}, {"server", laneServer}} {
		p.Text("text", lane.name, "x", flowLeft-10, "y", lane.y+4, "text-anchor", "end")
		p.Draw("line", "class", "lane", "x1", flowLeft, "y1", lane.y, "x2", flowWidth-flowRight, "y2", lane.y)
	}
	for _, t := range chart.NewTime(p.end, 12).Ticks {
		x := p.x(t)
		p.Draw("line", "class", "tick", "x1", x, "y1", flowAxis-4, "x2", x, "y2", flowAxis)
		p.Text("text", figure(t)+" s", "class", "soft", "x", x, "y", flowAxis+13, "text-anchor", "middle")
	}
}

// moment draws a request with its answer, or a decision; it leads to its exchange.
func (p *flowPainter) moment(m Moment) {
	x := p.x(m.AtMS/1000 - p.begin)
	class, sentence := momentClass(m), legible(m.Sentence(p.flow.begin()))
	if m.Exchange != "" {
		p.Open("a", "href", "#"+m.Exchange, "class", "moment "+class, "aria-label", sentence)
		defer p.Close("a")
	} else {
		p.Open("g", "class", "moment "+class)
		defer p.Close("g")
	}
	p.Text("title", sentence)
	if m.Kind == MomentDecision {
		done := p.x((m.AtMS+m.DurationMS)/1000 - p.begin)
		p.Draw("line", "class", "asked", "x1", x, "y1", lanePerson, "x2", done, "y2", lanePerson)
		p.Draw("line", "class", "call", "x1", done, "y1", lanePerson, "x2", done, "y2", laneServer)
		p.Draw("path", "class", "dot", "d", diamond(done, lanePerson, 6))
		p.write(&p.decided, done+9, lanePerson-6, 20, legible(short(m.Answer(), 24)))
		return
	}
	back := max(p.x((m.AtMS+m.DurationMS)/1000-p.begin), x)
	p.Draw("line", "class", "call", "x1", x, "y1", laneDevice, "x2", x, "y2", laneServer)
	if back > x+3 { // slow enough to be seen
		p.Draw("line", "class", "call back", "x1", x, "y1", laneServer, "x2", back, "y2", laneDevice)
	}
	p.Draw("circle", "class", "dot", "cx", x, "cy", laneDevice, "r", pollRound)
	answer := m.Answer()
	if m.Error == spec.ErrAuthorizationPending {
		answer = "pending"
	}
	answer = legible(short(answer, 24))
	wide := letter * float64(utf8.RuneCountInString(answer))
	p.write(&p.taken, math.Max(math.Min(x-wide/2, flowWidth-wide), flowLeft-20), laneServer+16, rowHeight, answer)
}

// write puts a text into the first of its rows where there is room, or nowhere.
func (p *flowPainter) write(taken *[rows]float64, x, y, height float64, text string) {
	for row := range taken {
		if x > taken[row] {
			taken[row] = x + letter*float64(utf8.RuneCountInString(text)) + 6
			p.Text("text", text, "x", x, "y", y+float64(row)*height)
			return
		}
	}
}

func momentClass(m Moment) string {
	switch {
	case m.Kind == MomentDecision:
		return "decision"
	case m.Early:
		return "early"
	case m.Error == spec.ErrSlowDown:
		return "slowed"
	case m.Tokens || m.Kind == MomentStart && m.Error == "" && m.Status/100 == 2:
		return "good"
	case m.Error == spec.ErrAuthorizationPending:
		return "pending"
	}
	return "refused"
}

func diamond(x, y, r float64) string {
	return fmt.Sprintf("M%.1f %.1fl%g %gl%g %gl%g %gZ", x, y-r, r, r, -r, r, -r, -r)
}
