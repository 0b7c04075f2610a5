package reports

import (
	"fmt"
	"net/url"

	"github.com/dfcheck/dfcheck/spec"
)

// shownExchange is an exchange as its page shows it: a body that would make the
// page heavy is cut, and Remark says so.
type shownExchange struct {
	Exchange
	Label, Where, Digest, Remark string
}

// bodyBudget is what all bodies of a page may take, in bytes; each may take its
// share, within the bounds.
const bodyBudget, minBody, maxBody = 1 << 20, 300, 8 << 10

// Evidence are the exchanges of all sections.
func (p *page) Evidence() (out []shownExchange) {
	all := p.Report.exchanges()
	limit := min(max(bodyBudget/max(len(all), 1), minBody), maxBody)
	for _, x := range all {
		one := shownExchange{Exchange: x, Label: x.label(), Where: x.where()}
		one.Curl = short(x.Curl, 4*limit)
		r := x.Response
		if r != nil && r.Length+int64(len(r.SHA256)) > 0 {
			one.Digest = plural(uint64(max(r.Length, 0)), "byte") + after(", SHA-256 ", r.SHA256)
		}
		if r != nil && len(r.Body) > limit {
			cut := *r
			cut.Body = short(r.Body, limit)
			one.Response = &cut
			one.Remark = fmt.Sprintf("Cut here: the body has %s. The JSON report holds all that was kept.",
				plural(uint64(max(r.Length, int64(len(r.Body)))), "byte"))
		}
		out = append(out, one)
	}
	return out
}

// byExchange are the exchanges by id.
func (p *page) byExchange() map[string]*Exchange {
	if p.byID == nil {
		p.byID = map[string]*Exchange{}
		for _, x := range p.Report.exchanges() {
			p.byID[x.ID] = &x
		}
	}
	return p.byID
}

// label is an exchange in a few words: POST /token → 400 slow_down. It is empty for
// one that the report does not hold.
func (x *Exchange) label() string {
	if x == nil {
		return ""
	}
	path := x.Request.URL
	if u, err := url.Parse(path); err == nil && u.Path != "" {
		path = u.Path
	}
	text := x.Request.Method + " " + short(path, 80) + " → "
	if x.Response == nil {
		return text + "no answer"
	}
	text += fmt.Sprint(x.Response.Status)
	if code := spec.ErrorCode([]byte(x.Response.Body)); code != "" {
		text += " " + short(code, 40)
	}
	return text
}

// where in the run an exchange was.
func (x *Exchange) where() string {
	text := x.Scenario
	if x.Step != "" {
		text += ", " + x.Step
	}
	if x.Flow != "" {
		text += ", flow " + x.Flow
	}
	return fmt.Sprintf("%s, at %s s, took %s ms", text, figure(x.AtMS/1000), figure(x.DurationMS))
}
