package reports

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"strings"
)

//go:embed report.html
var reportHTML string

var htmlTemplate = template.Must(template.New("report").Funcs(template.FuncMap{
	"legible": legible,
	"upper":   func(v Verdict) string { return strings.ToUpper(string(v)) },
	"ms":      func(v float64) string { return fmt.Sprintf("%.2f", v) },
	"percent": func(v float64) string { return fmt.Sprintf("%.3f %%", 100*v) },
	"seconds": duration,
	"chart":   chart,
}).Parse(reportHTML))

// writeHTML renders a report as one page that needs nothing else: no script, no
// network.
func writeHTML(w io.Writer, r *Report) error { return htmlTemplate.Execute(w, r) }

// chart draws the time line of a load run: polls per second as a line.
func chart(seconds []Second) template.HTML {
	if len(seconds) < 2 {
		return ""
	}
	const width, height = 900.0, 160.0
	top := 1.0
	for _, s := range seconds {
		top = max(top, float64(s.Polls+s.Starts), 1)
	}
	var line strings.Builder
	for i, s := range seconds {
		fmt.Fprintf(&line, "%.1f,%.1f ", float64(i)*width/float64(len(seconds)-1), height-float64(s.Polls+s.Starts)*height/top)
	}
	return template.HTML(fmt.Sprintf(`<svg viewBox="0 0 %.0f %.0f" role="img" aria-label="requests per second, at most %.0f"><polyline points="%s" fill="none" stroke="currentColor" stroke-width="2"/></svg>`,
		width, height, top, line.String()))
}
