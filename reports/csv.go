package reports

import (
	"encoding/csv"
	"fmt"
	"io"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// writeCSV writes the figures of a report as a table for spreadsheets: a line for
// each second of a load run, each measurement of a capacity search, each interval of
// a plan, each finding of a conformance run.
func writeCSV(w io.Writer, r *Report) error {
	c := csv.NewWriter(w)
	for _, row := range r.rows() {
		if err := c.Write(row); err != nil {
			return err
		}
	}
	c.Flush()
	return c.Error()
}

func (r *Report) rows() [][]string {
	switch {
	case r.Load != nil:
		return r.Load.rows()
	case r.Capacity != nil:
		return structRows(r.Capacity.Points)
	case r.Plan != nil:
		return structRows(append([]ForecastRates{r.Plan.Rates}, r.Plan.Others...))
	case r.Limits != nil:
		return structRows(r.Limits.Limiters)
	case r.Conformance != nil:
		return r.Conformance.rows()
	}
	return nil
}

// rows are the time line, with a column for each kind of error.
func (l *Load) rows() [][]string {
	kinds := map[string]bool{}
	for _, s := range l.Timeline {
		for k := range s.ErrorsByKind {
			kinds[k] = true
		}
	}
	out := structRows(l.Timeline)
	for _, name := range l.metered() {
		out[0] = append(out[0], "server_"+strings.ReplaceAll(legible(name), " ", "_"))
		for i, s := range l.Timeline {
			cell := ""
			if v, ok := s.Server[name]; ok {
				cell = strconv.FormatFloat(v, 'f', -1, 64)
			}
			out[i+1] = append(out[i+1], cell)
		}
	}
	for _, k := range slices.Sorted(maps.Keys(kinds)) {
		out[0] = append(out[0], "errors_"+legible(k))
		for i, s := range l.Timeline {
			out[i+1] = append(out[i+1], strconv.FormatUint(s.ErrorsByKind[k], 10))
		}
	}
	return out
}

// structRows has a column for each member of a list's elements, by its name in the
// document. Histograms and members with members of their own are left out.
func structRows[T any](list []T) [][]string {
	t := reflect.TypeFor[T]()
	var head []string
	var columns []int
	for i := range t.NumField() {
		name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
		if k := t.Field(i).Type.Kind(); k != reflect.Map && k != reflect.Struct && name != "hdr" {
			head, columns = append(head, name), append(columns, i)
		}
	}
	out := [][]string{head}
	for _, e := range list {
		var row []string
		for _, i := range columns {
			row = append(row, csvCell(reflect.ValueOf(e).Field(i)))
		}
		out = append(out, row)
	}
	return out
}

func csvCell(v reflect.Value) string {
	switch v.Kind() {
	case reflect.Float64:
		return strconv.FormatFloat(v.Float(), 'f', -1, 64)
	case reflect.String:
		return plain(v.String())
	}
	return fmt.Sprint(v)
}

// plain is a text that no spreadsheet takes for a formula.
func plain(s string) string {
	s = legible(s)
	if s != "" && strings.ContainsRune("=+-@\t", rune(s[0])) {
		return "'" + s
	}
	return s
}

// rows has a line for each finding, and for each check without one.
func (c *Conformance) rows() [][]string {
	out := [][]string{{"check", "group", "level", "verdict", "title", "source", "reason", "power", "duration_ms",
		"finding", "expected", "actual", "count", "exchanges"}}
	for _, k := range c.Checks {
		row := []string{plain(k.ID), plain(k.Group), plain(k.Level), plain(string(k.Verdict)), plain(k.Title),
			plain(k.Source), plain(k.Reason), plain(k.Power), strconv.FormatFloat(k.DurationMS, 'f', -1, 64)}
		for _, f := range k.Findings {
			out = append(out, append(slices.Clone(row), plain(string(f.Verdict)), plain(f.Expected), plain(f.Actual),
				strconv.Itoa(max(f.Count, 1)), plain(strings.Join(f.Exchanges, " "))))
		}
		if len(k.Findings) == 0 {
			out = append(out, append(row, "", "", "", "", ""))
		}
	}
	return out
}
