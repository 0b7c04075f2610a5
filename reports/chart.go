package reports

import (
	"fmt"
	"html/template"
	"strings"
)

// The chart's drawing area and the room for its labels, in its own units.
const (
	chartWidth, chartHeight = 900, 160
	chartLeft, chartBelow   = 70, 40
	chartPoints             = 450 // at most; beyond that a point is the mean of several seconds
)

// timelineChart draws the time line of a load run: requests per second, and the errors
// among them.
func timelineChart(seconds []Second) template.HTML {
	if len(seconds) < 2 {
		return ""
	}
	all, bad := make([]float64, len(seconds)), make([]float64, len(seconds))
	for i, s := range seconds {
		all[i], bad[i] = float64(s.Starts+s.Polls), float64(s.Errors)
	}
	all, bad = thinned(all), thinned(bad)
	top := 1.0
	for _, v := range all {
		top = max(top, v)
	}
	var b strings.Builder
	fmt.Fprintf(&b, `<svg viewBox="0 0 %d %d" role="img" `+
		`aria-label="requests per second, at most %s, and errors, over %d seconds">`,
		chartLeft+chartWidth, chartHeight+chartBelow, figure(top), len(seconds))
	for _, share := range []float64{0, 0.5, 1} {
		y := 5 + (chartHeight-5)*(1-share)
		fmt.Fprintf(&b, `<line x1="%d" y1="%.1f" x2="%d" y2="%.1f" stroke="currentColor" stroke-opacity=".2"/>`+
			`<text x="%d" y="%.1f" text-anchor="end">%s</text>`,
			chartLeft, y, chartLeft+chartWidth, y, chartLeft-6, y+4, figure(share*top))
	}
	for _, share := range []float64{0, 0.25, 0.5, 0.75, 1} {
		anchor := map[float64]string{0: "start", 1: "end"}[share]
		if anchor == "" {
			anchor = "middle"
		}
		fmt.Fprintf(&b, `<text x="%.0f" y="%d" text-anchor="%s">%s s</text>`, chartLeft+share*chartWidth,
			chartHeight+16, anchor, figure(share*float64(len(seconds))))
	}
	fmt.Fprintf(&b, `<polyline points="%s" fill="none" stroke="currentColor" stroke-width="2"/>`, points(all, top))
	fmt.Fprintf(&b, `<polyline class="fail" points="%s" fill="none" stroke="currentColor" stroke-width="2"/>`,
		points(bad, top))
	fmt.Fprintf(&b,
		`<text x="%d" y="%d">requests per second</text><text class="fail" x="%d" y="%d">of these errors</text></svg>`,
		chartLeft, chartHeight+34, chartLeft+160, chartHeight+34)
	return template.HTML(b.String())
}

// thinned makes no more points of a line than can be seen: each the mean of as many
// seconds.
func thinned(line []float64) (out []float64) {
	each := (len(line) + chartPoints - 1) / chartPoints
	for from := 0; from < len(line); from += each {
		part, sum := line[from:min(from+each, len(line))], 0.0
		for _, v := range part {
			sum += v
		}
		out = append(out, sum/float64(len(part)))
	}
	return out
}

// points of a line in the chart.
func points(line []float64, top float64) string {
	var b strings.Builder
	for i, v := range line {
		fmt.Fprintf(&b, "%.1f,%.1f ", chartLeft+float64(i)*chartWidth/float64(max(len(line)-1, 1)),
			5+(chartHeight-5)*(1-v/top))
	}
	return strings.TrimSpace(b.String())
}
