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

// Formats are the renderings of a whole report, by the names they have in flags.
var Formats = map[string]Format{
	"json":     func(w io.Writer, r *Report) error { return encodeJSON(w, r) },
	"junit":    writeJUnit,
	"markdown": writeMarkdown,
	"html":     writeHTML,
	"text":     writeText,
	"sarif":    writeSARIF,
}

// Extracts are the renderings of a part of a report: its exchanges, its figures, its
// verdict.
var Extracts = map[string]Format{
	"har":   writeHAR,
	"csv":   writeCSV,
	"badge": writeBadge,
}

// lacking are the runs that a format has nothing to say of, and why.
var lacking = map[string]map[Kind]string{
	"junit": {KindPlan: "a plan has nothing that passes or fails", KindLimits: "limiters neither pass nor fail"},
	"sarif": {KindPlan: "a plan has no findings", KindCapacity: "a search for the capacity has no findings",
		KindLimits: "a search for limiters has no findings"},
	"har": {KindPlan: "a plan sends nothing", KindCapacity: "a search for the capacity keeps no exchanges",
		KindLimits: "a search for limiters keeps no exchanges"},
	"badge": {KindPlan: "a plan has no verdict", KindLimits: "limiters have no verdict"},
}

// FormatsFor are the names of the formats in which a kind of run can be shown, all of
// them for the kind "".
func FormatsFor(kind Kind) []string {
	all := append(slices.Collect(maps.Keys(Formats)), slices.Collect(maps.Keys(Extracts))...)
	slices.Sort(all)
	return slices.DeleteFunc(all, func(f string) bool { return lacking[f][kind] != "" })
}

// format returns a rendering by its name, nil when there is none.
func format(name string) Format {
	if f := Formats[name]; f != nil {
		return f
	}
	return Extracts[name]
}

// A Destination is a rendering and where it goes: a path, or "-" for standard
// output.
type Destination struct {
	Format, Path string
	// Location is the file that SARIF says its results are in; empty for the
	// configuration.
	Location string
	// Append keeps what the file holds, as the summary of a CI job may hold that of
	// another run.
	Append bool
}

// ParseDestination reads FORMAT=PATH. Its errors name the known formats.
func ParseDestination(s string) (Destination, error) {
	name, path, ok := strings.Cut(s, "=")
	names := FormatsFor("")
	switch {
	case !ok || path == "":
		return Destination{}, fmt.Errorf("report %q is not FORMAT=PATH (formats: %s)", s, strings.Join(names, ", "))
	case format(name) == nil:
		return Destination{}, fmt.Errorf("unknown report format %q; the nearest is %q (formats: %s)", name,
			strict.Nearest(name, names), strings.Join(names, ", "))
	}
	return Destination{Format: name, Path: path}, nil
}

// For returns an error where the format has nothing to say of a kind of run.
func (d Destination) For(kind Kind) error {
	why := lacking[d.Format][kind]
	if why == "" {
		return nil
	}
	return fmt.Errorf("a %s report cannot be written as %s: %s (formats: %s)", kind, d.Format, why,
		strings.Join(FormatsFor(kind), ", "))
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
	if err := d.For(r.Run.Kind); err != nil {
		return err
	}
	if d.Location != "" {
		there := *r
		there.Run.Config, r = d.Location, &there
	}
	render := g.Over("the "+d.Format+" report", func(w io.Writer) error { return format(d.Format)(w, r) })
	return d.Put(stdout, render)
}

// Put writes what render does to the destination, whole or not at all.
func (d Destination) Put(stdout io.Writer, render func(io.Writer) error) error {
	if d.Path == "-" {
		return render(stdout)
	}
	return WriteFile(d.Path, func(w io.Writer) error {
		if err := d.keep(w); err != nil {
			return err
		}
		return render(w)
	})
}

// keep begins a file with what it holds already, where that is wanted.
func (d Destination) keep(w io.Writer) error {
	if !d.Append {
		return nil
	}
	before, err := os.ReadFile(d.Path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if len(before) > 0 {
		before = append(before, '\n')
	}
	_, err = w.Write(before)
	return err
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

func encodeJSON(w io.Writer, document any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(document)
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
