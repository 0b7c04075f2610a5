package approve

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"

	"github.com/PuerkitoBio/goquery"
)

// fill puts a value into a field: chooses an option, ticks or types.
func (p *page) fill(c *control, value string) error {
	switch {
	case c.tag == "select":
		for _, o := range c.sel.Find("option").EachIter() {
			if v := optionValue(o); v == value || strings.EqualFold(words(o.Text()), words(value)) {
				c.value = v
				return nil
			}
		}
		return fmt.Errorf("the field %q has no choice %q", c.shown(), value)
	case c.typ == "checkbox":
		c.checked = ticked(value)
	case c.typ == "radio":
		return p.choose(c, value)
	case c.typ == "file":
		return fmt.Errorf("the field %q wants a file", c.shown())
	default:
		c.value = value
	}
	return nil
}

// ticked reads what a recipe says about a checkbox.
func ticked(value string) bool {
	switch strings.ToLower(value) {
	case "", "false", "no", "off", "0":
		return false
	}
	return true
}

// choose presses the radio button of a group that has the value or label.
func (p *page) choose(group *control, value string) error {
	var chosen *control
	var others []*control
	for _, c := range p.controls {
		if c.typ != "radio" || c.name != group.name || c.form != group.form {
			continue
		}
		others = append(others, c)
		if chosen == nil && (c.value == value || strings.EqualFold(c.label, words(value))) {
			chosen = c
		}
	}
	if chosen == nil {
		return fmt.Errorf("the field %q has no choice %q", group.shown(), value)
	}
	for _, c := range others {
		c.checked = c == chosen
	}
	return nil
}

// submit is the request that pressing something makes.
func (p *page) submit(ctx context.Context, c *control) (*http.Request, error) {
	if c.tag == "a" {
		u, err := p.base.Parse(strings.TrimSpace(c.sel.AttrOr("href", "")))
		if err != nil {
			return nil, err
		}
		if u.Scheme == "javascript" {
			return nil, errors.New("this link needs JavaScript; use the kind browser")
		}
		return http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	}
	if c.form == nil || c.typ == "button" || c.typ == "reset" {
		return nil, fmt.Errorf("the button %q sends no form by itself, it needs JavaScript; use the kind browser", c.shown())
	}
	return p.send(ctx, c)
}

// send is the request of a form (HTML Standard, form submission): what is
// filled in, and of the buttons the one that was pressed.
func (p *page) send(ctx context.Context, pressed *control) (*http.Request, error) {
	set := func(name string) string { // a button can overrule its form
		if v := pressed.sel.AttrOr("form"+name, ""); v != "" && pressed.tag != "form" {
			return v
		}
		return attr(pressed.form, name)
	}
	target := p.url
	if action := strings.TrimSpace(set("action")); action != "" {
		var err error
		if target, err = p.base.Parse(action); err != nil {
			return nil, err
		}
	}
	fields := p.successful(pressed)
	if !strings.EqualFold(set("method"), http.MethodPost) {
		u := *target
		u.RawQuery, u.Fragment = encode(fields), ""
		return http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	}
	body, contentType := []byte(encode(fields)), "application/x-www-form-urlencoded"
	if strings.EqualFold(set("enctype"), "multipart/form-data") {
		body, contentType = parts(fields)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, target.String(), bytes.NewReader(body))
	if err == nil {
		req.Header.Set("Content-Type", contentType)
	}
	return req, err
}

// field is a name and a value that a form sends.
type field struct{ name, value string }

// successful lists what a form sends, in document order.
func (p *page) successful(pressed *control) []field {
	var out []field
	for _, c := range p.controls {
		isButton := c.tag == "button" || c.tag == "input" && (c.typ == "submit" || c.typ == "image" || c.typ == "button" ||
			c.typ == "reset")
		switch {
		case c.form != pressed.form || c.tag == "form" || c.name == "" || disabled(c.sel):
		case isButton && c != pressed, (c.typ == "checkbox" || c.typ == "radio") && !c.checked, c.typ == "file":
		case c.tag == "select" && len(c.sel.Find("option").Nodes) == 0:
		default:
			out = append(out, field{c.name, c.value})
		}
	}
	return out
}

func disabled(s *goquery.Selection) bool {
	_, off := s.Attr("disabled")
	return off || s.Closest("fieldset[disabled]").Length() > 0
}

// encode keeps the order of the fields, which url.Values does not.
func encode(fields []field) string {
	var b strings.Builder
	for i, f := range fields {
		if i > 0 {
			b.WriteByte('&')
		}
		b.WriteString(url.QueryEscape(f.name) + "=" + url.QueryEscape(f.value))
	}
	return b.String()
}

func parts(fields []field) ([]byte, string) {
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for _, f := range fields {
		part, _ := w.CreateFormField(f.name) // into memory
		io.WriteString(part, f.value)
	}
	w.Close()
	return b.Bytes(), w.FormDataContentType()
}
