package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/dfcheck/dfcheck/reports"
)

// reportFlags are where reports go.
type reportFlags struct {
	reports  []string // FORMAT=PATH
	location string
}

// addReports adds the flags of a command that makes a kind of report.
func (f *reportFlags) addReports(fs *pflag.FlagSet, kind reports.Kind) {
	fs.StringArrayVar(&f.reports, "report", nil, fmt.Sprintf("write a report, `FORMAT=PATH`, repeatable (%s; "+
		"- is standard output)", strings.Join(reports.FormatsFor(kind), ", ")))
	f.addLocation(fs, kind)
}

// addLocation adds the flag for SARIF, where there is something to locate.
func (f *reportFlags) addLocation(fs *pflag.FlagSet, kind reports.Kind) {
	if (reports.Destination{Format: "sarif"}).For(kind) == nil {
		fs.StringVar(&f.location, "sarif-location", "", "`FILE` of the repository that SARIF says its results are in "+
			"(default: the configuration file, or "+defaultConfig+")")
	}
}

// destinations reads what the flags name, before anything is done: each must be a
// format that shows this kind of run, and a place that can be written.
func (f *reportFlags) destinations(kind reports.Kind) (out []reports.Destination, err error) {
	seen := map[string]string{}
	for _, text := range f.reports {
		d, derr := reports.ParseDestination(text)
		if derr == nil {
			derr = errors.Join(d.For(kind), d.Check())
		}
		if other := seen[d.Path]; derr == nil && other != "" {
			derr = fmt.Errorf("%s and %s are both written to %s", other, d.Format, place(d.Path))
		}
		seen[d.Path], d.Location = d.Format, f.location
		d.Append = d.Path != "" && d.Path == os.Getenv("GITHUB_STEP_SUMMARY")
		out, err = append(out, d), errors.Join(err, derr)
	}
	return out, err
}

// place is a path as messages call it.
func place(path string) string {
	if path == "-" {
		return "standard output"
	}
	return path
}

// emptyReport is a report whose run begins now.
func (f *targetFlags) emptyReport(kind reports.Kind) *reports.Report {
	r := reportOf(kind)
	r.Run.Started = time.Now()
	r.Run.ID = r.Run.Started.UTC().Format("20060102T150405Z")
	r.Run.Config = relativeName(f.configured)
	r.Run.CI = continuousIntegration(os.Getenv)
	return r
}

// relativeName is a file as it is called from the folder of the run, and its last
// name where it lies elsewhere: a report does not tell where somebody's home is.
func relativeName(path string) string {
	if path == "" {
		return ""
	}
	if filepath.IsAbs(path) {
		here, err := os.Getwd()
		if err == nil {
			path, err = filepath.Rel(here, path)
		}
		if err != nil || !filepath.IsLocal(path) {
			return filepath.Base(path)
		}
	}
	return filepath.ToSlash(filepath.Clean(path))
}
