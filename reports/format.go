package reports

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/dfcheck/dfcheck/spec/strict"
)

// A Format renders a report.
type Format func(w io.Writer, r *Report) error

// Formats are all renderings, by the names they have in flags.
var Formats = map[string]Format{
	"json":     writeJSON,
	"junit":    writeJUnit,
	"markdown": writeMarkdown,
	"html":     writeHTML,
	"text":     func(w io.Writer, r *Report) error { return WriteText(w, r, false) },
}

// A Destination is a rendering and where it goes: a path, or "-" for standard
// output.
type Destination struct{ Format, Path string }

// ParseDestination reads FORMAT=PATH. Its errors name the known formats.
func ParseDestination(s string) (Destination, error) {
	format, path, ok := strings.Cut(s, "=")
	names := slices.Sorted(maps.Keys(Formats))
	switch {
	case !ok || path == "":
		return Destination{}, fmt.Errorf("report %q is not FORMAT=PATH (formats: %s)", s, strings.Join(names, ", "))
	case Formats[format] == nil:
		return Destination{}, fmt.Errorf("unknown report format %q; the nearest is %q (formats: %s)", format,
			strict.Nearest(format, names), strings.Join(names, ", "))
	}
	return Destination{format, path}, nil
}

// Check tells, before any work is done, whether the destination can be written.
func (d Destination) Check() error {
	if d.Path == "-" {
		return nil
	}
	if info, err := os.Stat(d.Path); err == nil && info.IsDir() {
		return fmt.Errorf("cannot write report %s: it is a directory", d.Path)
	}
	f, err := os.CreateTemp(filepath.Dir(d.Path), ".dfcheck-*")
	if err != nil {
		return fmt.Errorf("cannot write report %s: %w", d.Path, unwrapPath(err))
	}
	return errors.Join(f.Close(), os.Remove(f.Name()))
}

func unwrapPath(err error) error {
	if p, ok := errors.AsType[*os.PathError](err); ok {
		return p.Err
	}
	return err
}

// Write renders a report to its destination. A file is there whole, or as it
// was before: also when the guard refuses it.
func (d Destination) Write(stdout io.Writer, r *Report, g Guard) error {
	render := g.Over("the "+d.Format+" report", func(w io.Writer) error { return Formats[d.Format](w, r) })
	if d.Path == "-" {
		return render(stdout)
	}
	return WriteFile(d.Path, render)
}

// WriteFile writes beside a file and then renames, so that nobody ever sees
// half of it.
func WriteFile(path string, write func(io.Writer) error) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), ".dfcheck-*")
	if err != nil {
		return fmt.Errorf("cannot write %s: %w", path, unwrapPath(err))
	}
	defer func() {
		if err != nil {
			f.Close()
			os.Remove(f.Name())
		}
	}()
	if err := write(f); err != nil {
		return fmt.Errorf("cannot write %s: %w", path, err)
	}
	if err := errors.Join(f.Chmod(0o644), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

func writeJSON(w io.Writer, r *Report) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(r)
}

// maxDocument bounds a report that is read, in bytes.
const maxDocument = 256 << 20

// Read reads a report in its JSON form.
func Read(r io.Reader) (*Report, error) {
	var out Report
	if err := json.NewDecoder(io.LimitReader(r, maxDocument)).Decode(&out); err != nil {
		return nil, fmt.Errorf("not a report: %w", strict.JSON(err))
	}
	if out.Schema != Schema {
		return nil, fmt.Errorf("not a report of this version: its schema is %q, not %q", out.Schema, Schema)
	}
	return &out, nil
}

// ReadFile reads a report from a file.
func ReadFile(path string) (*Report, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	r, err := Read(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return r, nil
}
