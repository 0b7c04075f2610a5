package approve

import (
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/PuerkitoBio/goquery"
	"golang.org/x/net/html"
)

// A Sight is a page as a person sees it, and what of the way it came matters to them.
// Secrets are left out.
type Sight struct {
	Step     string `json:"step"` // that led to it
	Address  string `json:"address"`
	Status   int    `json:"status,omitempty"` // 0 when it is not known
	Title    string `json:"title"`
	Language string `json:"language,omitempty"` // as the page declares it
	Text     string `json:"text"`               // as it is read
	// After: the user code had reached the server. Carries: it is part of the address.
	// AsksCode: there is an empty field for it.
	After    bool `json:"after,omitempty"`
	Carries  bool `json:"carries,omitempty"`
	AsksCode bool `json:"asks_code,omitempty"`

	Fields   []SeenField   `json:"fields,omitempty"`
	Controls []SeenControl `json:"controls,omitempty"`
	// Foreign are the hosts of other sites from which it loads something, Links those to
	// which it leads.
	Foreign []string `json:"foreign,omitempty"`
	Links   []string `json:"links,omitempty"`
	// Headers are those that say who may keep the page and what others hear of its
	// address; nil when they are not known. A meta element counts as a header.
	Headers map[string]string `json:"headers"`
	Picture string            `json:"picture,omitempty"` // file
}

// SeenField is a field that a person can type into or choose from.
type SeenField struct {
	Name  string `json:"name"`
	Value string `json:"value,omitempty"`
	Form  int    `json:"form"` // its number on the page, 0 for none
	Text  bool   `json:"text,omitempty"`
}

// SeenControl is a button or a link.
type SeenControl struct {
	Caption string `json:"caption"`
	Link    bool   `json:"link,omitempty"`
	Form    int    `json:"form,omitempty"` // its number on the page, 0 for none
	Submits bool   `json:"submits,omitempty"`
	// Default: it is what the Enter key presses in a field of its form (HTML Standard,
	// implicit submission). Focused: the page puts the focus on it.
	Default  bool `json:"default,omitempty"`
	Focused  bool `json:"focused,omitempty"`
	Disabled bool `json:"disabled,omitempty"`
	Hidden   bool `json:"hidden,omitempty"`
	Approves bool `json:"approves,omitempty"` // as the recipe says
	Refuses  bool `json:"refuses,omitempty"`
}

// maxSeen is how much of a page's text is kept, in bytes.
const maxSeen = 6 << 10

// keptHeaders are the header fields that a sight has.
var keptHeaders = []string{"Cache-Control", "Pragma", "Referrer-Policy"}

// sight is a page as it is kept. approves is what approves on it, nil for nothing.
func (v *viewing) sight(step string, p *page, sent bool, approves *control) Sight {
	code := v.values["{user_code}"]
	// a field may have it, of whatever name
	p.secrets = slices.DeleteFunc(p.secrets, func(s string) bool { return plainCode(s) == plainCode(code) })
	s := Sight{Step: step, Address: p.address(), Status: p.status, Title: p.tell(p.title),
		Text:     cut(p.tell(p.text), maxSeen),
		Language: cut(p.doc.Find("html").AttrOr("lang", ""), 35), After: sent, Carries: carries(p.url, code)}
	forms := map[*html.Node]int{nil: 0}
	for _, c := range p.controls {
		if c.form != nil && forms[c.form] == 0 {
			forms[c.form] = len(forms)
		}
	}
	var refuses []*control
	for _, text := range v.recipe.refuses {
		if c := p.button(v.text(text), nil); c != nil && c != approves {
			refuses = append(refuses, c)
		}
	}
	for _, c := range p.controls {
		switch {
		case c.isButton():
			s.Controls = append(s.Controls, SeenControl{Caption: cut(p.tell(c.caption()), 80), Link: c.tag == "a",
				Form:    forms[c.form],
				Submits: c.typ == "submit" || c.typ == "image", Default: c.form != nil && c == p.submitters(c.form)[0],
				Focused: has(c, "autofocus"), Disabled: disabled(c.sel),
				Hidden: concealed(c.sel), Approves: c == approves, Refuses: slices.Contains(refuses, c)})
		case c.typable() && c.typ != "password":
			s.Fields = append(s.Fields, SeenField{Name: cut(p.tell(c.shown()), 80), Value: cut(p.tell(c.value), 80),
				Form: forms[c.form],
				Text: c.tag == "input" && c.typ != "checkbox" && c.typ != "radio"})
		}
	}
	for _, name := range v.recipe.codeFields() {
		if f := p.field(name); f != nil && f.value == "" {
			s.AsksCode = true
		}
	}
	s.Foreign, s.Links = p.foreign()
	s.Headers = p.privacy()
	return s
}

// isButton reports whether it is a button or a link, shown or not.
func (c *control) isButton() bool {
	return c.tag == "a" || c.tag == "button" || c.tag == "input" && slices.Contains(buttonTypes, c.typ)
}

func has(c *control, attribute string) bool {
	_, ok := c.sel.Attr(attribute)
	return ok
}

// submitters are the buttons that send a form, in tree order. The list of a form without
// one holds nil.
func (p *page) submitters(form *html.Node) (out []*control) {
	for _, c := range p.controls {
		if c.form == form && c.tag != "a" && c.tag != "form" && (c.typ == "submit" || c.typ == "image") {
			out = append(out, c)
		}
	}
	if len(out) == 0 {
		return []*control{nil}
	}
	return out
}

// plainCode is a user code without separators, in capital letters.
func plainCode(s string) string {
	return strings.ToUpper(strings.NewReplacer("-", "", " ", "", "_", "", ".", "").Replace(s))
}

// carries reports whether an address has the user code in it, however it is separated.
func carries(u *url.URL, code string) bool {
	whole, err := url.QueryUnescape(u.RequestURI())
	if err != nil {
		whole = u.RequestURI()
	}
	return code != "" && strings.Contains(plainCode(whole), plainCode(code))
}

// loaded are the elements that load something from elsewhere, and the attribute that says
// whence.
var loaded = map[string]string{"script[src]": "src", "img[src]": "src", "iframe[src]": "src", "embed[src]": "src",
	"source[src]": "src", "video[src]": "src", "audio[src]": "src", "object[data]": "data",
	"link[rel~=stylesheet][href]": "href", "link[rel~=icon][href]": "href"}

// styled finds what a style sheet in the page loads from elsewhere.
var styled = regexp.MustCompile(`(?i)(?:url\(\s*['"]?|@import\s+['"])((?:https?:)?//[^'"()\s]+)`)

// foreign lists the hosts of other sites from which a page loads something, and those to
// which it leads.
func (p *page) foreign() (loads, links []string) {
	add := func(list []string, ref string) []string {
		u, err := p.base.Parse(strings.TrimSpace(ref))
		if err != nil || u.Host == "" || sameSite(u.Hostname(), p.url.Hostname()) || slices.Contains(list, u.Host) {
			return list
		}
		return append(list, cut(p.tell(u.Host), 80))
	}
	for selector, attribute := range loaded {
		p.doc.Find(selector).Each(func(_ int, s *goquery.Selection) { loads = add(loads, s.AttrOr(attribute, "")) })
	}
	p.doc.Find("style").Each(func(_ int, s *goquery.Selection) {
		for _, m := range styled.FindAllStringSubmatch(s.Text(), -1) {
			loads = add(loads, m[1])
		}
	})
	p.doc.Find("a[href]").Not("[rel~=noreferrer]").Each(func(_ int, s *goquery.Selection) {
		links = add(links, s.AttrOr("href", ""))
	})
	slices.Sort(loads)
	return loads, links
}

// sameSite reports whether two hosts are of one site, as far as their names tell: the last
// two labels are the same.
func sameSite(a, b string) bool {
	if a == b || loopback(a) && loopback(b) {
		return true
	}
	end := func(name string) string {
		labels := strings.Split(strings.ToLower(name), ".")
		return strings.Join(labels[max(0, len(labels)-2):], ".")
	}
	return strings.ContainsAny(a, "abcdefghijklmnopqrstuvwxyz") && end(a) == end(b)
}

// privacy are the header fields that say who may keep the page, and what other sites hear
// of its address.
func (p *page) privacy() map[string]string {
	if p.header == nil {
		return nil
	}
	out := map[string]string{}
	for _, name := range keptHeaders {
		if v := p.header.Values(name); len(v) > 0 {
			out[name] = cut(p.tell(strings.Join(v, ", ")), 200)
		}
	}
	p.doc.Find("meta[name][content]").Each(func(_ int, s *goquery.Selection) {
		if strings.EqualFold(s.AttrOr("name", ""), "referrer") && out["Referrer-Policy"] == "" {
			out["Referrer-Policy"] = cut(p.tell(s.AttrOr("content", "")), 200)
		}
	})
	return out
}
