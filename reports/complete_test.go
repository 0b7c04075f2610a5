package reports

import (
	"bytes"
	"fmt"
	"html"
	"reflect"
	"strings"
	"testing"
	"time"
)

// leftOut is what a format does not show of a report, with the reason. A name
// stands for the member and everything in it, in whatever list.
var leftOut = map[string]map[string]string{
	"text":     {"Load.Timeline": timeline, "Load.Trend.Windows": stretches, "Conformance.Flows": flows},
	"markdown": {"Load.Timeline": timeline, "Load.Trend.Windows": stretches, "Conformance.Flows": flows},
	"html": {"Conformance.Flows.Moments.IntervalSeconds": "the windows of the drawing are as wide",
		"Conformance.Flows.Moments.Error": "the answer is one word: tokens before an error",
		"Load.Trend.Windows.LeftBehind":   drawnDead, "Load.Trend.Windows.Expired": drawnDead,
		"Load.Trend.Windows.Start": drawnP99, "Load.Trend.Windows.Poll": drawnP99,
		"Load.Trend.Windows.Server": "the time line has it",
		"Conformance.Summary":       "the page counts the checks"},
	"junit": {"Load.Timeline": timeline, "Load.Trend.Windows": stretches, "Conformance.Flows": flows},
}

const (
	timeline  = "a line for each second: html draws it, csv has it"
	drawnDead = "the chart has how many were dead"
	drawnP99  = "the chart has its p99"
	stretches = "a line for each stretch of the run: html draws them"
	flows     = "what the exchanges of a device code were: html draws it"
)

// nowhere is what only programs read, in the JSON document.
var nowhere = map[string]string{
	"Schema":                              "the name of the document's form",
	"HDR":                                 "a histogram, for merging",
	"Sum":                                 "the mean says it",
	"Conformance.Exchanges.Request":       "the curl line is the same request",
	"Load.Exchanges.Request":              "the curl line is the same request",
	"Conformance.Checks.Group":            "it stands in the id",
	"Conformance.Mitigations.Rows.Checks": "the evidence names them",
	"Conformance.Checks.Reason":           "the first finding says it",
	"Load.Thresholds.OK":                  "the verdict says it",
	"Load.Thresholds.Measure":             "the expression says it",
	"Load.Thresholds.Limit":               "the expression says it",
	"Load.Thresholds.Unit":                "it stands behind the value",
}

// filledReport has something in each member that a run of a kind can have: numbers
// that are all different, and texts that are found nowhere else.
func filledReport(kind Kind) *Report {
	r := New(kind, "v0")
	n := 0
	fill(reflect.ValueOf(&r.Run).Elem(), &n)
	fill(reflect.ValueOf(&r.Tool).Elem(), &n)
	fill(reflect.ValueOf(&r.Target).Elem(), &n)
	r.Run.Kind = kind
	switch kind {
	case KindConformance:
		r.Conformance = &Conformance{}
		fill(reflect.ValueOf(r.Conformance).Elem(), &n)
	case KindLoad:
		r.Load = &Load{}
		fill(reflect.ValueOf(r.Load).Elem(), &n)
	case KindCapacity:
		r.Capacity = &Capacity{}
		fill(reflect.ValueOf(r.Capacity).Elem(), &n)
	case KindLimits:
		r.Limits = &Limits{}
		fill(reflect.ValueOf(r.Limits).Elem(), &n)
	case KindPlan:
		r.Plan = &Forecast{}
		fill(reflect.ValueOf(r.Plan).Elem(), &n)
	}
	link(r)
	return r
}

// link makes findings, violations and errors cite the exchanges that there are.
func link(r *Report) {
	if c := r.Conformance; c != nil {
		for i := range c.Checks {
			for j := range c.Checks[i].Findings {
				for k, x := range c.Exchanges {
					c.Checks[i].Findings[j].Exchanges[k] = x.ID
				}
			}
			c.Checks[i].Verdict = []Verdict{Fail, Warning}[i%2]
		}
		for i := range c.Gaps {
			c.Gaps[i].Checks = []string{c.Checks[i].ID}
		}
	}
	if l := r.Load; l != nil {
		for i := range l.Violations {
			l.Violations[i].Exchanges = []string{l.Exchanges[i].ID}
			l.Errors[i].Exchange = l.Exchanges[i].ID
		}
	}
	if c := r.Capacity; c != nil { // which leave no interval, and no objective that was missed
		c.Saturated, c.Stopped, c.Points[0].OK, c.Points[1].OK = false, false, false, false
	}
}

func fill(v reflect.Value, n *int) {
	*n++
	switch v.Interface().(type) {
	case time.Time:
		v.Set(reflect.ValueOf(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)))
		return
	case Verdict:
		v.Set(reflect.ValueOf(Fail))
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), n)
	case reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i), n)
		}
		if r, ok := v.Addr().Interface().(*Request); ok {
			r.URL = "https://" + r.URL + ".example/"
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		fill(v.Index(0), n)
		fill(v.Index(1), n)
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		fill(key, n)
		if value.Kind() == reflect.Interface {
			value.Set(reflect.ValueOf(fmt.Sprintf("leaf%dx", *n)))
		} else {
			fill(value, n)
		}
		v.SetMapIndex(key, value)
	case reflect.String:
		v.SetString(fmt.Sprintf("leaf%dx", *n))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Float64:
		v.SetFloat(float64(1000 + *n))
	case reflect.Uint64:
		v.SetUint(uint64(1000 + *n))
	case reflect.Int, reflect.Int64:
		v.SetInt(int64(1000 + *n))
	}
}

// leaf is a value of a document, and where it stands: Load.Groups.Name.
type leaf struct {
	path string
	v    reflect.Value
}

// leaves lists the values of a document. Those of a map are left to the test that
// compares documents.
func leaves(path string, v reflect.Value) (out []leaf) {
	if _, ok := v.Interface().(time.Time); ok {
		return []leaf{{path, v}}
	}
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			return nil
		}
		return leaves(path, v.Elem())
	case reflect.Struct:
		for i := range v.NumField() {
			out = append(out, leaves(strings.TrimPrefix(path+"."+v.Type().Field(i).Name, "."), v.Field(i))...)
		}
	case reflect.Slice:
		for i := range v.Len() {
			out = append(out, leaves(path, v.Index(i))...)
		}
	case reflect.Map:
		for _, k := range v.MapKeys() {
			out = append(out, leaf{path, k}, leaf{path, reflect.ValueOf(fmt.Sprint(v.MapIndex(k)))})
			if v.Type().Elem().Kind() == reflect.Slice {
				out = out[:len(out)-1]
				out = append(out, leaves(path, v.MapIndex(k))...)
			}
		}
	default:
		return []leaf{{path, v}}
	}
	return out
}

// change gives a value another one that any rounding shows, and returns what takes
// it back; nil for a value that cannot be changed.
func (l leaf) change() (back func()) {
	if !l.v.CanSet() {
		return nil
	}
	old := reflect.ValueOf(l.v.Interface())
	switch l.v.Kind() {
	case reflect.Bool:
		l.v.SetBool(!l.v.Bool())
	case reflect.Float64:
		l.v.SetFloat(7 * l.v.Float())
	case reflect.Uint64:
		l.v.SetUint(7 * l.v.Uint())
	case reflect.Int, reflect.Int64:
		l.v.SetInt(7 * l.v.Int())
	case reflect.Struct:
		l.v.Set(reflect.ValueOf(l.v.Interface().(time.Time).Add(26 * time.Hour)))
	default:
		return nil
	}
	return func() { l.v.Set(old) }
}

// shows reports whether a format shows a value: a text as it is, anything else in
// that another value makes another page.
func shows(t *testing.T, format string, r *Report, page string, l leaf) bool {
	t.Helper()
	if l.v.Kind() == reflect.String {
		return strings.Contains(page, l.v.String())
	}
	back := l.change()
	if back == nil {
		return strings.Contains(page, fmt.Sprint(l.v))
	}
	defer back()
	return render(t, format, r) != page
}

func render(t *testing.T, format string, r *Report) string {
	t.Helper()
	var b bytes.Buffer
	if err := Formats[format](&b, r); err != nil {
		t.Fatal(err)
	}
	return html.UnescapeString(b.String())
}

// TestNothingIsLost: whatever a report has, each format shows it, but for what
// leftOut names. A member that is added to the document must be shown or named.
func TestNothingIsLost(t *testing.T) {
	for _, kind := range []Kind{KindConformance, KindLoad, KindCapacity, KindPlan, KindLimits} {
		for format, out := range leftOut {
			if (Destination{Format: format}).For(kind) != nil {
				continue
			}
			t.Run(fmt.Sprintf("%s/%s", format, kind), func(t *testing.T) {
				r := filledReport(kind)
				page := render(t, format, r)
				seen := map[string]bool{}
				for _, l := range leaves("", reflect.ValueOf(r)) {
					known := within(out, l.path) || within(nowhere, l.path)
					if known || seen[l.path] && l.v.Kind() != reflect.String {
						continue // a text of each element will do, and a number of the first
					}
					seen[l.path] = true
					if !shows(t, format, r, page, l) {
						t.Errorf("%s is not shown: %v", l.path, l.v)
					}
				}
			})
		}
	}
}

// within reports whether a table names a member, something that it is part of, or
// its last name wherever it is.
func within(table map[string]string, path string) bool {
	for name := range table {
		if path == name || strings.HasPrefix(path, name+".") || strings.HasSuffix(path, "."+name) {
			return true
		}
	}
	return false
}
