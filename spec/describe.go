package spec

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Description is what was taken from a document, for people and for reports.
type Description struct {
	Contract string          `json:"contract"`
	Title    string          `json:"title,omitempty"`
	Start    OperationReport `json:"device_authorization"`
	Token    OperationReport `json:"token"`
	Notes    []string        `json:"notes,omitempty"`
}

// OperationReport is one operation as the document describes it.
type OperationReport struct {
	Method    string         `json:"method"`
	Path      string         `json:"path"`
	ID        string         `json:"operation_id,omitempty"`
	Encodings []BodyReport   `json:"encodings"`
	Answers   []AnswerReport `json:"answers"`
}

// BodyReport is a request in one encoding.
type BodyReport struct {
	Encoding string   `json:"encoding"`
	Required []string `json:"required,omitempty"`
	Optional []string `json:"optional,omitempty"`
}

// AnswerReport is an answer by its status.
type AnswerReport struct {
	Status string   `json:"status"`
	Media  []string `json:"media_types,omitempty"`
	Schema bool     `json:"schema"` // the body is held against one
}

// Describe tells which operations, encodings, members and answers were taken from
// the document, and what was made of the rest.
func (c *Contract) Describe() Description {
	return Description{Contract: c.Name, Title: c.Title, Start: c.Start.report(), Token: c.Token.report(), Notes: c.Notes}
}

func (o *Operation) report() OperationReport {
	r := OperationReport{Method: o.Method, Path: o.Path, ID: o.ID}
	for _, e := range o.Encodings {
		b := BodyReport{Encoding: e.Short()}
		for _, p := range o.In(e) {
			if p.Required {
				b.Required = append(b.Required, p.Name)
			} else {
				b.Optional = append(b.Optional, p.Name)
			}
		}
		r.Encodings = append(r.Encodings, b)
	}
	for _, status := range slices.Sorted(maps.Keys(o.answers)) {
		a := o.answers[status]
		r.Answers = append(r.Answers, AnswerReport{strings.ToLower(status), a.types, len(a.schemas) > 0})
	}
	return r
}

// Heading names the contract and the document's own title.
func (d Description) Heading() string {
	if d.Title == "" {
		return d.Contract
	}
	return d.Contract + ": " + d.Title
}

// Lines is the description as text, a line for each thing.
func (d Description) Lines() []string {
	lines := append(d.Start.lines("device authorization"), d.Token.lines("token")...)
	for _, n := range d.Notes {
		lines = append(lines, "note: "+n)
	}
	return lines
}

func (r OperationReport) lines(what string) []string {
	first := fmt.Sprintf("%s: %s %s", what, r.Method, r.Path)
	if r.ID != "" {
		first += " (" + r.ID + ")"
	}
	lines := []string{first}
	var bodies []string
	for _, b := range r.Encodings {
		members := strings.Join(b.Required, ", ")
		if members == "" {
			members = "nothing required"
		}
		if len(b.Optional) > 0 {
			members += " (optional: " + strings.Join(b.Optional, ", ") + ")"
		}
		if last := len(bodies) - 1; last >= 0 && strings.HasSuffix(bodies[last], ": "+members) {
			bodies[last] = strings.Replace(bodies[last], ": ", ", "+b.Encoding+": ", 1)
			continue
		}
		bodies = append(bodies, b.Encoding+": "+members)
	}
	for _, b := range bodies {
		lines = append(lines, "  "+b)
	}
	var answers []string
	for _, a := range r.Answers {
		answers = append(answers, strings.TrimSpace(a.Status+" "+strings.Join(a.Media, " or ")))
	}
	if len(answers) == 0 {
		answers = []string{"none declared"}
	}
	return append(lines, "  answers: "+strings.Join(answers, "; "))
}

// explain notes how requests differ from those of RFC 8628: what they hold beside its
// parameters, and what they lack.
func (o *Operation) explain(d *document) {
	usual := []string{"client_id"}
	if o.token {
		usual = []string{"grant_type", "device_code", "client_id"}
	}
	for _, name := range usual {
		switch {
		case o.Has(name):
		case o.closed:
			d.note("POST %s has no %s and forbids members that it does not list: it is not sent", o.Path, name)
		default:
			d.note("POST %s does not declare %s, which RFC 8628 has: it is sent all the same", o.Path, name)
		}
	}
	if grant := o.grant(); o.token && grant != GrantDeviceCode {
		d.note("grant_type is %s in the document, and not %s as RFC 8628 has it: so it is sent", grant, GrantDeviceCode)
	}
	more := slices.DeleteFunc(o.demanded(), func(name string) bool { return slices.Contains(usual, name) })
	for _, fields := range [][]field{o.headers, o.query} {
		for _, f := range fields {
			if f.required {
				more = append(more, f.name)
			}
		}
	}
	if len(more) > 0 {
		d.note("POST %s requires %s beside the parameters of RFC 8628: devices that know RFC 8628 alone cannot use it",
			o.Path, strings.Join(more, ", "))
	}
}

// Sentences are the lines with all of an operation in one.
func (d Description) Sentences() []string {
	var out []string
	for _, line := range d.Lines() {
		if part, ok := strings.CutPrefix(line, "  "); ok && len(out) > 0 {
			out[len(out)-1] += "; " + part
		} else {
			out = append(out, line)
		}
	}
	return out
}
