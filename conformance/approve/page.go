package approve

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"github.com/PuerkitoBio/goquery"
	"golang.org/x/net/html"
)

// page is an HTML page with what a person can do on it.
type page struct {
	url      *url.URL
	base     *url.URL    // what its links are relative to
	status   int         // 0 when it is not known
	header   http.Header // nil when it is not known
	title    string
	text     string // as it is read, spaces made one
	raw      string // as it came
	doc      *goquery.Document
	controls []*control        // in document order
	secrets  []string          // that are told nobody, the longest first
	cover    *strings.Replacer // puts something else in their places; nil until it is needed
}

// maxPage is how much of a page is read.
const maxPage = 1 << 20

// readPage parses a page.
func readPage(u *url.URL, status int, body io.Reader) (*page, error) {
	raw, err := io.ReadAll(io.LimitReader(body, maxPage))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", Clean(address(u)), err)
	}
	doc, err := goquery.NewDocumentFromReader(bytes.NewReader(raw))
	if err != nil {
		return nil, fmt.Errorf("%s is not an HTML page: %w", Clean(address(u)), err)
	}
	p := &page{url: u, base: u, status: status, raw: string(raw), doc: doc}
	if href, ok := doc.Find("base[href]").First().Attr("href"); ok {
		if b, err := u.Parse(href); err == nil {
			p.base = b
		}
	}
	p.title = words(doc.Find("title").First().Text())
	p.text = words(visible(doc.Selection))
	p.controls = controlsOf(doc)
	p.hides(secretsOf(doc, p.text)...)
	return p, nil
}

func (p *page) address() string { return cut(p.tell(address(p.url)), maxTold) }

// name is the title of the page, as it is told.
func (p *page) name() string { return cut(p.tell(p.title), maxTold) }

// state is the status of the page, in words.
func (p *page) state() string {
	if p.status == 0 {
		return "the page"
	}
	return strings.TrimSpace(fmt.Sprintf("%d %s", p.status, http.StatusText(p.status)))
}

// words makes every run of white space one space.
func words(s string) string { return strings.Join(strings.Fields(s), " ") }

// visible is the text of a page that is read: no scripts, styles and templates.
func visible(s *goquery.Selection) string {
	var b strings.Builder
	var walk func(*html.Node)
	walk = func(n *html.Node) {
		if n.Type == html.ElementNode {
			switch n.Data {
			case "script", "style", "template", "noscript", "head":
				return
			case "span", "b", "i", "em", "strong", "a", "code":
			default:
				b.WriteByte(' ')
				defer b.WriteByte(' ')
			}
			for _, a := range n.Attr {
				if a.Key == hiddenMark {
					return
				}
			}
		}
		if n.Type == html.TextNode {
			b.WriteString(n.Data)
		}
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			walk(c)
		}
	}
	for _, n := range s.Nodes {
		walk(n)
	}
	return b.String()
}

// selectorShape is what is taken for a CSS selector where a text is not found:
// .ok, #done, input[name=code], form > button. A word alone is a text.
var selectorShape = regexp.MustCompile(`^[a-zA-Z0-9*]*[.#\[:]\S|^[a-z0-9]+ *[>+~] *\S`)

// selected are the elements of a selector; none for what is not one.
func (p *page) selected(what string) *goquery.Selection {
	if selectorShape.MatchString(what) {
		return p.doc.Find(what)
	}
	return p.doc.Slice(0, 0)
}

// has reports whether the page has a text (letter case is free) or something a
// selector finds.
func (p *page) has(what string) bool {
	want := strings.ToLower(words(what))
	return strings.Contains(strings.ToLower(p.text), want) || strings.Contains(strings.ToLower(p.title), want) ||
		p.selected(what).FilterFunction(func(_ int, s *goquery.Selection) bool { return !concealed(s) }).Length() > 0
}

// maxTold is how much of a page's text an error repeats, and maxListed how many of its
// fields, and of its buttons.
const maxTold, maxListed = 200, 20

// says is what the page tells: its alert, or the beginning of its text.
func (p *page) says() string {
	for _, where := range []string{"[role=alert]", "[role=status]", ".error, .alert, .problem, .red", "main", "body"} {
		if s := words(visible(p.doc.Find(where).First())); s != "" {
			return cut(p.tell(s), maxTold)
		}
	}
	return "it is empty"
}

// cut shortens a text to n characters.
func cut(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n]) + "…"
	}
	return s
}

// describe tells which page it is and what can be done on it, for somebody who
// writes a recipe.
func (p *page) describe() string {
	var fields, buttons []string
	for _, c := range p.controls {
		switch {
		case c.typable() && len(fields) < maxListed:
			fields = append(fields, cut(p.tell(c.shown()), 40))
		case c.pressable() && len(buttons) < maxListed:
			buttons = append(buttons, fmt.Sprintf("%q", cut(p.tell(c.shown()), 40)))
		}
	}
	list := func(kind string, what []string) string {
		if len(what) == 0 {
			return "no " + kind
		}
		return "the " + kind + " " + strings.Join(what, ", ")
	}
	return fmt.Sprintf("the page %q (%s, %s); it has %s and %s", p.name(), p.address(), p.state(),
		list("fields", fields), list("buttons and links", buttons))
}
