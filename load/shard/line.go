package shard

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/dfcheck/dfcheck/reports"
)

// LinePrefix begins a line of progress, among others that a log may have.
const LinePrefix = "DFSHARD "

// WriteLine writes a report as one line of progress, without what is long: the time
// line and the exchanges.
func WriteLine(w io.Writer, r *reports.Report, g reports.Guard) error {
	short := *r
	if r.Load != nil {
		l := *r.Load
		l.Timeline, l.Exchanges = []reports.Second{}, nil
		l.Violations, l.Errors = nil, nil
		for _, v := range r.Load.Violations {
			v.Exchanges = nil
			l.Violations = append(l.Violations, v)
		}
		for _, e := range r.Load.Errors {
			e.Exchange = ""
			l.Errors = append(l.Errors, e)
		}
		short.Load = &l
	}
	return g.Over("the line of progress", func(w io.Writer) error {
		var b bytes.Buffer
		e := json.NewEncoder(&b)
		e.SetEscapeHTML(false)
		if err := e.Encode(&short); err != nil {
			return err
		}
		_, err := fmt.Fprintf(w, "%s%s", LinePrefix, b.Bytes())
		return err
	})(w)
}

// ParseLine reads a line of progress; ok is false for any other line. What stands
// before it, as a log may have the name of a pod there, is passed over.
func ParseLine(line string) (r *reports.Report, ok bool) {
	_, text, ok := strings.Cut(line, LinePrefix)
	if !ok {
		return nil, false
	}
	r, err := reports.Read(strings.NewReader(text))
	return r, err == nil && r.Load != nil
}
