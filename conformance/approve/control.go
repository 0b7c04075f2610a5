package approve

import (
	"slices"
	"strings"

	"github.com/PuerkitoBio/goquery"
	"golang.org/x/net/html"
)

// control is something of a page that can be filled or pressed, or that is sent
// along.
type control struct {
	sel     *goquery.Selection
	form    *html.Node // that it belongs to; nil for a link or a lone control
	tag     string     // a, button, input, select, textarea, form
	typ     string     // of an input or a button
	name    string
	value   string
	checked bool
	label   string
	text    string // on it, of a button or link
}

// hiddenMark is set by the browser on what is not shown.
const hiddenMark = "data-dfcheck-hidden"

// concealed reports whether an element is not shown, as far as the page's text
// tells.
func concealed(s *goquery.Selection) bool {
	return s.Closest("["+hiddenMark+"], [hidden], template").Length() > 0
}

// controlsOf lists the controls of a page. A form that stands in a table where
// none may is left empty by the parser; what follows up to the next form is
// sent with it, as browsers do.
// Those behind the first few thousand are for nobody.
func controlsOf(doc *goquery.Document) []*control {
	const most = 5000
	var out []*control
	p := newIndexed(doc)
	for _, s := range doc.Find("form, input, select, textarea, button, a[href]").EachIter() {
		if len(out) == most {
			break
		}
		c := &control{sel: s, tag: goquery.NodeName(s), name: s.AttrOr("name", ""),
			typ: strings.ToLower(s.AttrOr("type", ""))}
		if out = append(out, c); c.tag == "form" {
			c.form = s.Nodes[0]
			p.latest, p.empty = c.form, s.Find("input, select, textarea, button").Length() == 0
			continue
		}
		if c.tag != "a" {
			c.form = p.owner(s)
		}
		c.read()
		c.label, c.text = p.labelOf(s), words(s.Text())
	}
	return out
}

// indexed is a page whose forms and labels are found at once, however many there are.
type indexed struct {
	doc    *goquery.Document
	forms  map[string]*html.Node // by id
	labels map[string]*html.Node // by the id of what they are for
	texts  map[*html.Node]string // of labels
	latest *html.Node            // form
	empty  bool                  // that form has no controls
}

func newIndexed(doc *goquery.Document) *indexed {
	p := &indexed{doc: doc, forms: map[string]*html.Node{}, labels: map[string]*html.Node{},
		texts: map[*html.Node]string{}}
	for _, n := range doc.Find("form, label").Nodes {
		in, name := p.forms, attr(n, "id")
		if n.Data == "label" {
			in, name = p.labels, attr(n, "for")
		}
		if in[name] == nil {
			in[name] = n
		}
	}
	return p
}

// owner is the form an element belongs to.
func (p *indexed) owner(s *goquery.Selection) *html.Node {
	if id, ok := s.Attr("form"); ok {
		return p.forms[id]
	}
	if f := s.Closest("form"); f.Length() > 0 {
		return f.Nodes[0]
	}
	if p.empty {
		return p.latest
	}
	return nil
}

func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

// read takes over what the page has already filled in.
func (c *control) read() {
	switch c.tag {
	case "textarea":
		c.value = strings.TrimPrefix(c.sel.Text(), "\n")
	case "select":
		chosen := c.sel.Find("option[selected]").First()
		if chosen.Length() == 0 {
			chosen = c.sel.Find("option").First()
		}
		c.value = optionValue(chosen)
	case "button":
		c.value = c.sel.AttrOr("value", "")
		if c.typ == "" {
			c.typ = "submit"
		}
	default:
		c.value = c.sel.AttrOr("value", "")
		if c.typ == "checkbox" || c.typ == "radio" {
			c.value = c.sel.AttrOr("value", "on")
			_, c.checked = c.sel.Attr("checked")
		}
	}
}

func optionValue(s *goquery.Selection) string {
	if v, ok := s.Attr("value"); ok {
		return v
	}
	return words(s.Text())
}

// labelOf is what a page calls a control.
func (p *indexed) labelOf(s *goquery.Selection) string {
	if label := p.labels[s.AttrOr("id", "")]; label != nil && s.AttrOr("id", "") != "" {
		return p.textOf(label)
	}
	if l := s.Closest("label"); l.Length() > 0 {
		return p.textOf(l.Nodes[0])
	}
	return words(s.AttrOr("aria-label", s.AttrOr("placeholder", "")))
}

// textOf is the text of a label, which may be that of many controls.
func (p *indexed) textOf(label *html.Node) string {
	text, known := p.texts[label]
	if !known {
		text = cut(words(p.doc.FindNodes(label).Text()), 1000)
		p.texts[label] = text
	}
	return text
}

var buttonTypes = []string{"submit", "image", "button", "reset"}

// pressable reports whether it is a button or a link a person sees.
func (c *control) pressable() bool {
	return (c.tag == "a" || c.tag == "button" || c.tag == "input" && slices.Contains(buttonTypes, c.typ)) &&
		!concealed(c.sel)
}

// typable reports whether a person can put something in.
func (c *control) typable() bool {
	switch c.tag {
	case "textarea", "select":
		return !concealed(c.sel)
	case "input":
		return c.typ != "hidden" && !slices.Contains(buttonTypes, c.typ) && !concealed(c.sel)
	}
	return false
}

// caption is the text on a button or link.
func (c *control) caption() string {
	if c.tag == "input" {
		return words(c.value)
	}
	if c.text != "" {
		return c.text
	}
	return words(c.sel.AttrOr("aria-label", c.sel.AttrOr("title", c.sel.Find("img[alt]").AttrOr("alt", ""))))
}

// shown is how an error names the control.
func (c *control) shown() string {
	if c.pressable() {
		return c.caption()
	}
	for _, s := range []string{c.name, c.sel.AttrOr("id", ""), c.label} {
		if s != "" {
			return s
		}
	}
	return "(" + c.tag + " without a name)"
}

// field finds a field by its name, its id, its label, or a selector.
func (p *page) field(what string) *control {
	same := func(s string) bool {
		return strings.EqualFold(strings.TrimRight(words(s), ": *"), strings.TrimRight(words(what), ": *"))
	}
	return p.first((*control).typable,
		func(c *control) bool { return c.name == what },
		func(c *control) bool { return c.sel.AttrOr("id", "") == what },
		func(c *control) bool { return c.label != "" && same(c.label) },
		func(c *control) bool {
			return c.label != "" && strings.Contains(strings.ToLower(c.label), strings.ToLower(what))
		},
		p.among(what))
}

// button finds a button or link by its text, its name or value, or a selector;
// where fields were filled, first in their form. A selector may also name a
// form, to send it without a button.
func (p *page) button(what string, filled []string) *control {
	same := func(s string) bool { return s != "" && strings.EqualFold(words(s), words(what)) }
	ways := []func(*control) bool{
		func(c *control) bool { return same(c.caption()) },
		func(c *control) bool {
			return c.name == what || c.tag == "button" && same(c.value) || c.sel.AttrOr("id", "") == what
		},
		func(c *control) bool {
			return strings.Contains(strings.ToLower(c.caption()), strings.ToLower(words(what)))
		},
		p.among(what),
	}
	for _, name := range filled {
		if f := p.field(name); f != nil && f.form != nil {
			if c := p.first(func(c *control) bool { return c.pressable() && c.form == f.form }, ways...); c != nil {
				return c
			}
		}
	}
	if c := p.first((*control).pressable, ways...); c != nil {
		return c
	}
	return p.first(func(c *control) bool { return c.tag == "form" }, p.among(what))
}

// among reports whether a control is found by a selector.
func (p *page) among(what string) func(*control) bool {
	nodes := p.selected(what).Nodes
	return func(c *control) bool { return slices.Contains(nodes, c.sel.Nodes[0]) }
}

// first returns the first control of a kind by the first of the ways that finds
// one.
func (p *page) first(kind func(*control) bool, ways ...func(*control) bool) *control {
	for _, way := range ways {
		for _, c := range p.controls {
			if kind(c) && way(c) {
				return c
			}
		}
	}
	return nil
}
