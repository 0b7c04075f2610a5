package checks

import (
	"bytes"
	"context"
	"fmt"
	"mime"
	"slices"

	. "github.com/dfcheck/dfcheck/conformance"
	"github.com/dfcheck/dfcheck/spec"
)

// boundaryOf is the boundary in a multipart media type.
func boundaryOf(contentType string) string {
	_, args, _ := mime.ParseMediaType(contentType)
	return args["boundary"]
}

// unusualMultipart starts with multipart bodies that RFC 2046 and RFC 7578 allow
// and few clients send.
var unusualMultipart = &Scenario{
	Name: "unusual multipart", Lane: LaneInstant, Cost: FixedCost(3, 3), Starts: startsIn(spec.Multipart, 3),
	Run: func(ctx context.Context, s *ScenarioRun) {
		if !s.Operation(OpStart).Accepts(spec.Multipart) {
			return
		}
		label, body := spec.Multipart.Encode(s.Target().Signed(s.Target().BaseStart("unusual multipart")))
		send := func(step, label string, body []byte) {
			s.Start(ctx, In(spec.Multipart), Body(label, body), Step(step), Provoked())
		}
		send("quoted boundary", string(spec.Multipart)+`; boundary="`+boundaryOf(label)+`"`, body)
		send("parts with a Content-Type", label,
			bytes.ReplaceAll(body, []byte("\r\n\r\n"), []byte("\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n")))
		send("a preamble", label, append([]byte("This line is to be ignored.\r\n"), body...))
	},
}

func judgeMultipart(e *Evidence, j *Judgement) {
	judgeEncoding(e, j, spec.Multipart)
	if !works(e, OpStart, spec.Multipart) {
		return
	}
	j.Each(e.Of(unusualMultipart), ExpectSuccess, "200, as for ordinary multipart",
		PassIf(Class(2), GivesCodes), InconclusiveIf(Infrastructure), WarnIf(Class(4)))
}

// parts builds multipart bodies that no encoder makes.
type parts struct {
	boundary string
	bytes.Buffer
}

func (p *parts) add(disposition, value string) {
	fmt.Fprintf(p, "--%s\r\nContent-Disposition: form-data%s\r\n\r\n%s\r\n", p.boundary, disposition, value)
}

func (p *parts) end() []byte {
	fmt.Fprintf(p, "--%s--\r\n", p.boundary)
	return p.Bytes()
}

// manyParts is more than any form has.
const manyParts = 2000

// Cases of broken multipart that some parsers forgive.
const (
	caseFile    = "a file in place of a value"
	caseNoEnd   = "no closing boundary"
	caseMany    = "2000 parts more"
	caseUnnamed = "a part without a name"
)

// brokenBodies are the cases for valid parameters; name is the one that is
// spoilt.
func brokenBodies(params spec.Params, name string) []struct {
	step, label string
	body        []byte
} {
	label, body := spec.Multipart.Encode(params)
	boundary := boundaryOf(label)
	spoilt := func(disposition string) []byte {
		p := &parts{boundary: boundary}
		for _, q := range params {
			d := fmt.Sprintf(`; name="%s"`, q.Name)
			if q.Name == name {
				d = disposition
			}
			p.add(d, q.Value)
		}
		return p.end()
	}
	many := &parts{boundary: boundary}
	for _, q := range params {
		many.add(fmt.Sprintf(`; name="%s"`, q.Name), q.Value)
	}
	for i := range manyParts {
		many.add(fmt.Sprintf(`; name="p%d"`, i), "x")
	}
	return []struct {
		step, label string
		body        []byte
	}{
		{"no boundary parameter", string(spec.Multipart), body},
		{"a boundary that does not occur", string(spec.Multipart) + "; boundary=dfcheck-elsewhere", body},
		{caseNoEnd, label, bytes.TrimSuffix(body, []byte("--"+boundary+"--\r\n"))},
		{caseUnnamed, label, spoilt("")},
		{caseFile, label, spoilt(fmt.Sprintf(`; name="%s"; filename="c.txt"`, name))},
		{caseMany, label, many.end()},
	}
}

// brokenMultipart sends them to both endpoints.
var brokenMultipart = &Scenario{
	Name: "broken multipart", Lane: LaneInstant, Cost: FixedCost(13, 7),
	Starts: together(startsIn(spec.Multipart, 6), pollsIn(spec.Multipart, 1)),
	Run: func(ctx context.Context, s *ScenarioRun) {
		if s.Operation(OpStart).Accepts(spec.Multipart) {
			for _, b := range brokenBodies(s.Target().Signed(s.Target().BaseStart("broken multipart")), "client_id") {
				s.Start(ctx, In(spec.Multipart), Body(b.label, b.body), Step(b.step), Provoked())
			}
		}
		if !s.Operation(OpToken).Accepts(spec.Multipart) {
			return
		}
		f := s.Start(ctx)
		if !f.OK() {
			return
		}
		for _, b := range brokenBodies(s.Target().Signed(s.Target().BasePoll(f.Codes.DeviceCode)), "device_code") {
			s.PollCode(ctx, "", In(spec.Multipart), Body(b.label, b.body), Step(b.step), Provoked())
		}
	},
}

func judgeBrokenMultipart(e *Evidence, j *Judgement) {
	if !e.Contract.Start.Accepts(spec.Multipart) && !e.Contract.Token.Accepts(spec.Multipart) {
		j.Skip("the contract does not declare multipart")
		return
	}
	for _, x := range e.Of(brokenMultipart) {
		if !x.Provoked {
			continue
		}
		if x.Step == caseUnnamed && x.Op == OpStart && acceptedWithout(e, "client_id", spec.Multipart) {
			continue // DF-AUTHZ-011
		}
		accepted := FailIf(read)
		if slices.Contains([]string{caseFile, caseNoEnd, caseMany}, x.Step) {
			accepted = WarnIf(read)
		}
		j.Each([]*Exchange{x}, ExpectRefusal, "4xx", accepted, InconclusiveIf(Infrastructure), PassIf(Class(4)))
	}
}
