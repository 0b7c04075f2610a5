package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/dfcheck/dfcheck/reports"
	"github.com/dfcheck/dfcheck/spec/strict"
)

// matrixFlags are the options of report matrix.
type matrixFlags struct {
	to          []string
	rows        string
	mitigations bool
}

var matrixRows = []string{string(reports.MatrixAll), string(reports.MatrixFound), string(reports.MatrixGroups)}

func newMatrix(t terminal) *cobra.Command {
	f := &matrixFlags{}
	c := &cobra.Command{
		Use: "matrix [NAME=]REPORT.json ...", Short: "Compare several servers side by side", Args: cobra.MinimumNArgs(1),
		Long: `Renders servers across and checks down. Every cell that is no pass leads to its
findings. A server is called NAME, or as its file; when there is an HTML report
beside the JSON one, its column leads there too. With --mitigations the rows are
the mitigations of RFC 10027 section 6.1, seen or not.`,
		Example: `  dfcheck report matrix a.json b.json --to html=matrix.html --to markdown=matrix.md
  dfcheck report matrix old=run-1.json new=run-2.json --rows found
  dfcheck report matrix a.json b.json --mitigations`,
		RunE: func(_ *cobra.Command, args []string) error { return f.render(t, args) },
	}
	fs := c.Flags()
	fs.StringArrayVar(&f.to, "to", []string{"markdown=-"}, "html=PATH or markdown=PATH, repeatable; - is standard output")
	fs.BoolVar(&f.mitigations, "mitigations", false,
		"compare the mitigations of RFC 10027 section 6.1 in place of the checks")
	fs.StringVar(&f.rows, "rows", "all",
		"all checks, those that some server did not pass (found), or only counts (groups)")
	return c
}

func (f *matrixFlags) render(t terminal, args []string) error {
	if strict.Nearest(f.rows, matrixRows) != f.rows {
		return usage(fmt.Errorf("--rows is %q; the nearest is %q (%s)", f.rows, strict.Nearest(f.rows, matrixRows),
			strings.Join(matrixRows, ", ")), "")
	}
	to, err := tablePlaces(f.to, "a matrix", "html", "markdown")
	errs := []error{err}
	files := make([]string, len(args))
	var servers []reports.MatrixServer
	for i, arg := range args {
		s, path, err := matrixServer(arg)
		files[i], servers, errs = path, append(servers, s), append(errs, err)
	}
	if err := errors.Join(errs...); err != nil {
		return usage(err, "make reports with `dfcheck conformance --report json=FILE`")
	}
	for _, d := range to {
		errs = append(errs, f.write(t, d, page(to), servers, files))
	}
	return usage(errors.Join(errs...), "")
}

// matrixServer reads one argument: a report, with or without a name.
func matrixServer(arg string) (reports.MatrixServer, string, error) {
	name, path, named := strings.Cut(arg, "=")
	if !named {
		path = arg
		name = strings.TrimSuffix(filepath.Base(path), ".json")
	}
	r, err := reports.ReadFile(path)
	return reports.MatrixServer{Name: name, Report: r}, path, err
}

// page is where the HTML form is written, which the Markdown form leads to.
func page(to []reports.Destination) string {
	for _, d := range to {
		if d.Format == "html" && d.Path != "-" {
			return d.Path
		}
	}
	return ""
}

// write renders one destination, its links relative to itself.
func (f *matrixFlags) write(t terminal, d reports.Destination, page string, servers []reports.MatrixServer,
	files []string) error {
	here := filepath.Dir(d.Path)
	servers = append([]reports.MatrixServer(nil), servers...)
	for i, file := range files {
		servers[i].Page = relative(here, strings.TrimSuffix(file, ".json")+".html")
	}
	m, err := reports.NewMatrix(servers, reports.MatrixRows(f.rows))
	if err != nil {
		return err
	}
	render := m.WriteHTML
	switch {
	case f.mitigations && d.Format == "markdown":
		render = m.WriteMitigationsMarkdown
	case f.mitigations:
		render = m.WriteMitigationsHTML
	case d.Format == "markdown":
		if page != "" {
			if page, err = filepath.Rel(here, page); err != nil {
				return err
			}
		}
		render = func(w io.Writer) error { return m.WriteMarkdown(w, filepath.ToSlash(page)) }
	}
	return d.Put(t.out, render)
}

// relative is the way from a folder to a file, empty when there is no such file.
func relative(from, file string) string {
	if info, err := os.Stat(file); err != nil || info.IsDir() {
		return ""
	}
	way, err := filepath.Rel(from, file)
	if err != nil {
		return ""
	}
	return filepath.ToSlash(way)
}
