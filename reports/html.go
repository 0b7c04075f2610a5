package reports

import (
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"strings"
	"sync"

	"github.com/dfcheck/dfcheck/reports/chart"
)

// The page is one file that needs nothing else. It says everything without
// scripts; these only add: a filter, what is copied, charts to look closer at.
//
//go:embed page
var pageFiles embed.FS

// htmlTemplate is read when a page is first made: most commands make none.
var htmlTemplate = sync.OnceValue(func() *template.Template {
	return template.Must(template.New("layout.html").Funcs(template.FuncMap{
		"clip":    func(n int, s string) string { return short(s, n) },
		"count":   Count,
		"figure":  figure,
		"grouped": grouped,
		"legible": legible,
		"ms":      func(v float64) string { return fmt.Sprintf("%.2f", v) },
		"percent": func(v float64) string { return figure(100*v) + " %" },
		"plural":  plural[uint64],
		"bits":    bits,
		"seconds": duration,
		"upper":   func(v Verdict) string { return strings.ToUpper(string(v)) },
	}).ParseFS(pageFiles, "page/*.html"))
})

// writeHTML renders a report as one page.
func writeHTML(w io.Writer, r *Report) error { return htmlTemplate().Execute(w, newPage(r)) }

// page is a report as its page shows it.
type page struct {
	*Report
	sheet
	Growing *Growing // nil for the page of a run that is over

	byID    map[string]*Exchange
	bundles []bundle
	charts  []*chartFigure  // in the order they were drawn
	drawn   map[string]bool // flows
}

// sheet is what a page has beside its content.
type sheet struct {
	Styles  []template.CSS
	Scripts []template.JS
}

// newSheet is the style and the scripts of a page, with those of charts where it has
// some.
func newSheet(charts bool) (s sheet) {
	s.Styles = []template.CSS{template.CSS(pageText("css"))}
	if script, style, ok := chart.Library(); ok && charts {
		s.Styles = append(s.Styles, template.CSS(style))
		s.Scripts = append(s.Scripts, template.JS(script))
	}
	s.Scripts = append(s.Scripts, template.JS(pageText("js")))
	return s
}

func newPage(r *Report) *page {
	charts := r.Run.Kind == KindLoad || r.Load != nil || r.Capacity != nil || r.Plan != nil
	p := &page{Report: r, sheet: newSheet(charts), drawn: map[string]bool{}}
	return p
}

// pageText is the page's files of one kind, one after the other.
func pageText(kind string) string {
	entries, err := pageFiles.ReadDir("page")
	if err != nil {
		panic(err) // it is embedded
	}
	var b strings.Builder
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), "."+kind) {
			continue
		}
		b.WriteString(pageFile(e.Name()))
	}
	return b.String()
}

func pageFile(name string) string {
	text, err := pageFiles.ReadFile("page/" + name)
	if err != nil {
		panic(err) // it is embedded
	}
	return string(text)
}

// Policy is the page's Content-Security-Policy: nothing is loaded, and no style and
// no script but its own, known by their hashes, has any effect. The page of a run that
// goes on may ask the server that it came from.
func (p *page) Policy() string {
	if p.Growing != nil {
		return p.sheet.Policy() + "; connect-src 'self'"
	}
	return p.sheet.Policy()
}

// Policy is that of a page that asks for nothing.
func (s sheet) Policy() string {
	styles, scripts := "style-src", "script-src"
	for _, text := range s.Styles {
		styles += hashed(string(text))
	}
	for _, text := range s.Scripts {
		scripts += hashed(string(text))
	}
	return "default-src 'none'; " + styles + "; " + scripts + "; base-uri 'none'; form-action 'none'"
}

func hashed(text string) string {
	sum := sha256.Sum256([]byte(text))
	return " 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// Title is what the browser calls the page.
func (p *page) Title() string { return fmt.Sprintf("dfcheck %s: %s", p.Run.Kind, p.Target.Host) }
