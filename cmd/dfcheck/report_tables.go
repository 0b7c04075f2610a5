package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/dfcheck/dfcheck/reports"
)

// table is what is made of several reports.
type table interface {
	WriteText(io.Writer) error
	WriteMarkdown(io.Writer) error
	WriteHTML(io.Writer) error
}

// addTablePlaces adds the flag that says where a table goes.
func addTablePlaces(fs *pflag.FlagSet, to *[]string) {
	fs.StringArrayVar(to, "to", []string{"text=-"},
		"text=PATH, markdown=PATH or html=PATH, repeatable; - is standard output")
}

// tablePlaces reads where a table goes, in the formats that it has.
func tablePlaces(texts []string, what string, formats ...string) (to []reports.Destination, err error) {
	for _, text := range texts {
		d, derr := reports.ParseDestination(text)
		if derr == nil && !slices.Contains(formats, d.Format) {
			derr = fmt.Errorf("%s cannot be written as %s, only as %s", what, d.Format,
				strings.Join(formats, " or "))
		}
		if derr == nil {
			derr = d.Check()
		}
		d.Append = d.Path != "" && d.Path == os.Getenv("GITHUB_STEP_SUMMARY")
		to, err = append(to, d), errors.Join(err, derr)
	}
	return to, err
}

// writeTables writes a table to all its places.
func writeTables(t terminal, to []reports.Destination, of table) error {
	renderings := map[string]func(io.Writer) error{"text": of.WriteText, "markdown": of.WriteMarkdown,
		"html": of.WriteHTML}
	var errs []error
	for _, d := range to {
		errs = append(errs, d.Put(t.out, renderings[d.Format]))
	}
	return usage(errors.Join(errs...), "")
}
