package reports

import (
	_ "embed"
	"html/template"
	"io"
	"slices"
)

//go:embed matrix.html
var matrixHTML string

//go:embed matrix.css
var matrixCSS string

var matrixTemplate = template.Must(template.New("matrix").Funcs(template.FuncMap{
	"legible": legible,
	"known":   func(v Verdict) bool { return slices.Contains(Verdicts, v) },
}).Parse(matrixHTML))

// WriteHTML renders the matrix as one page that needs nothing else: every cell
// that is no pass leads to its findings and exchanges further down.
func (m *Matrix) WriteHTML(w io.Writer) error {
	return matrixTemplate.Execute(w, struct {
		*Matrix
		sheet
	}{m, matrixSheet()})
}

func matrixSheet() sheet {
	return sheet{Styles: []template.CSS{template.CSS(pageFile("10-theme.css")), template.CSS(matrixCSS)}}
}
