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
	"figure":  figure,
	"plural":  plural[uint64],
	"section": section,
}).Parse(reportHTML))

// writeHTML renders a report as one page that needs nothing else: no script, no
// network.
func writeHTML(w io.Writer, r *Report) error { return htmlTemplate.Execute(w, r) }
