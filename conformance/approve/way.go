package approve

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// A Way is how a person comes to the request of a device. The zero value leaves it to
// the approver.
type Way string

const (
	ByHand Way = "by hand" // types the user code at verification_uri (RFC 8628 section 3.3)
	ByLink Way = "by link" // opens verification_uri_complete (RFC 8628 section 3.3.1)
)

const (
	codeTyped = "{user_code}"
	pageOpen  = "{verification_uri}"
	linkOpen  = "{verification_uri_complete}"
)

// routed are the steps by one of the ways. A recipe knows one of them; for the other its
// address is changed, and pages show what they want.
func routed(steps []Step, way Way) []Step {
	at := slices.IndexFunc(steps, func(s Step) bool { return s.types(codeTyped, linkOpen) })
	if at < 0 {
		return steps
	}
	linked := steps[at].opensCode()
	for at > 0 && steps[at].Open == "" {
		at--
	}
	address := map[Way]string{ByHand: pageOpen, ByLink: linkOpen}[way]
	if way == "" || steps[at].Open == address || way == ByHand && !linked {
		return steps
	}
	rest := steps[at]
	rest.When, rest.Open = "", ""
	out := slices.Insert(slices.Clone(steps), at, Step{When: steps[at].When, Open: address, Timeout: steps[at].Timeout})
	if out[at+1] = rest; len(rest.Fill) == 0 && rest.Press == "" { // it expects the page of the other way
		out = slices.Delete(out, at+1, at+2)
	}
	return out
}

// opensCode reports whether the address that the step opens has the code in it.
func (s Step) opensCode() bool { return (Step{Open: s.Open}).types(codeTyped, linkOpen) }

// onWay is a step as the page that the way led to wants it: by the link, a page may know
// the code; by hand, it may ask for one where the recipe does not expect that.
func (w *runner) onWay(ctx context.Context, s, next Step) (Step, error) {
	switch {
	case s.Open != "" || s.When != "":
		return s, nil
	case w.way == ByLink:
		return w.shortened(ctx, s, next)
	case w.way == ByHand && !w.typed && !w.knows:
		return s, w.typeCode(ctx, s)
	}
	return s, nil
}

// shortened leaves the code out where the page has no field for it, and the whole step
// where nothing else is to be done in it.
func (w *runner) shortened(ctx context.Context, s, next Step) (Step, error) {
	at := slices.IndexFunc(s.Fill, func(f Field) bool { return strings.Contains(f.Value, codeTyped) })
	if at < 0 {
		return s, nil
	}
	name, rest := s.Fill[at].Name, s
	rest.Fill = slices.Delete(slices.Clone(s.Fill), at, at+1)
	var asks, over bool
	err := w.until(ctx, fmt.Sprintf("there is neither a field %q nor what comes after it", name), func(p *page) bool {
		asks, over = p.field(name) != nil, w.offers(p, next)
		return asks || over || w.offers(p, rest)
	})
	switch {
	case err != nil || asks:
		return s, err
	case over:
		return Step{}, nil
	}
	return rest, nil
}

// passed reports whether a session that has seen a device before has spared the person a
// step: the page has nothing of it, and something of a later one.
func (w *runner) passed(ctx context.Context, s Step, later []Step) (bool, error) {
	if !w.again || s.Open != "" || s.When != "" {
		return false, nil
	}
	spared := false
	err := w.until(ctx, "there is neither that nor what comes after it", func(p *page) bool {
		if w.offers(p, s) {
			return true
		}
		spared = slices.ContainsFunc(later, func(n Step) bool { return n.Open == "" && w.offers(p, n) })
		return spared
	})
	return spared, err
}

// offers reports whether a page has what the step begins with.
func (w *runner) offers(p *page, s Step) bool {
	switch {
	case len(s.Fill) > 0:
		return p.field(s.Fill[0].Name) != nil
	case s.Press != "":
		return p.button(w.text(s.Press), nil) != nil
	}
	return s.Expect != "" && p.has(w.text(s.Expect))
}

// typeCode types the code into a page that has one empty text field which the step does
// not fill, and sends it where the page has nothing of what the step wants.
func (w *runner) typeCode(ctx context.Context, s Step) error {
	p, err := w.on.look(ctx)
	if err != nil {
		return err
	}
	field := p.lone(s.Fill)
	if field == nil {
		return nil
	}
	if err := w.on.fill(ctx, field, w.values[codeTyped]); err != nil {
		return err
	}
	w.typed = true
	send := p.first((*control).pressable, func(c *control) bool { return c.form == field.form && c.typ == "submit" })
	if send == nil || w.offers(p, s) {
		return nil
	}
	if err := w.on.press(ctx, send); err != nil {
		return err
	}
	return w.arrived(ctx, Step{Press: send.shown()})
}

// lone is the only empty text field of a page beside those that are filled, nil when
// there are none or several.
func (p *page) lone(filled Fields) *control {
	var out []*control
	for _, c := range p.controls {
		taken := slices.ContainsFunc(filled, func(f Field) bool { return p.field(f.Name) == c })
		if c.typable() && c.value == "" && !taken && slices.Contains([]string{"", "text", "search", "tel"}, c.typ) &&
			c.tag == "input" {
			out = append(out, c)
		}
	}
	if len(out) != 1 {
		return nil
	}
	return out[0]
}
