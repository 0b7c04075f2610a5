package approve

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/PuerkitoBio/goquery"
)

// What pages show is told to whoever writes a recipe: in traces, errors and
// reports. User codes are; what opens a session is not.

// left stands for what is left out.
const left = "…"

// address is a URL as it is told: without user, fragment, and the values of its
// parameters, any of which can be a secret. A user code is kept.
func address(u *url.URL) string {
	told := &url.URL{Scheme: u.Scheme, Host: u.Host, Opaque: u.Opaque}
	var path []string
	for _, part := range strings.Split(u.EscapedPath(), "/") {
		part, parameters, found := strings.Cut(part, ";")
		if name, _, _ := strings.Cut(parameters, "="); found { // ;jsessionid=
			part += ";" + name + "=" + left
		}
		path = append(path, part)
	}
	text := told.String() + strings.Join(path, "/")
	for i, pair := range strings.Split(u.RawQuery, "&") {
		name, value, found := strings.Cut(pair, "=")
		switch {
		case pair == "":
			continue
		case !found:
			name = left
		case userCodeName(name):
			name = pair
		case value != "":
			name += "=" + left
		}
		text += string("?&"[min(i, 1)]) + name
	}
	if u.Fragment != "" {
		text += "#" + left
	}
	return text
}

// userCodeName reports whether a parameter or field holds a user code.
func userCodeName(name string) bool {
	return strings.EqualFold(strings.ReplaceAll(name, "_", ""), "usercode")
}

// unaddressed is an error of net/http without the URL, of which it repeats every
// part.
func unaddressed(req *http.Request, err error) error {
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		err = wrapped.Err
	}
	return fmt.Errorf("%s %s: %w", req.Method, Clean(address(req.URL)), err)
}

// minHidden is the length in bytes from which a value is looked for in a page's
// text; shorter ones would be found by accident.
const minHidden = 8

// secretsOf are the values that a page carries unseen: hidden fields, passwords and
// the tokens of scripts. What a hidden field repeats of the words on the page, such as the
// name of the client or the scopes, is none.
func secretsOf(doc *goquery.Document, text string) (out []string) {
	doc.Find("input, meta[content]").Each(func(_ int, s *goquery.Selection) {
		name := strings.ToLower(s.AttrOr("name", ""))
		switch typ := strings.ToLower(s.AttrOr("type", "")); {
		case goquery.NodeName(s) == "meta":
			if confidential(name) || strings.Contains(name, "csrf") {
				out = append(out, s.AttrOr("content", ""))
			}
		case typ == "password", typ == "hidden" && !userCodeName(name) && name != "client_id": // RFC 6749 section 2.2
			if v := s.AttrOr("value", ""); typ == "password" || !readable.MatchString(v) || !said(text, v) {
				out = append(out, v)
			}
		}
	})
	return out
}

// readable are the words of names and scopes. What is drawn at random has longer ones, or
// digits within.
var readable = regexp.MustCompile(`^` + word + `(` + gap + word + `)*(` + gap + `)?$`)

const word, gap = `(\p{Lu}?\p{Ll}{1,14}|\p{L}{1,8}\d{0,2}|\d{1,4})`, `[\s\p{P}\p{S}]{1,3}`

// said reports whether all words of a value stand in a text.
func said(text, value string) bool {
	return !slices.ContainsFunc(strings.Fields(value), func(w string) bool { return !strings.Contains(text, w) })
}

// hides adds secrets of the session to those of the page.
func (p *page) hides(secrets ...string) {
	for _, s := range secrets {
		if len(s) >= minHidden {
			p.secrets = append(p.secrets, s)
		}
	}
	// one may be part of another
	slices.SortFunc(p.secrets, func(a, b string) int { return cmp.Or(len(b)-len(a), strings.Compare(a, b)) })
	p.secrets, p.cover = slices.Compact(p.secrets), nil
}

// tell is a text of the page without its secrets, safe to print.
func (p *page) tell(text string) string {
	if p.cover == nil {
		var pairs []string
		for _, s := range p.secrets {
			for _, form := range []string{s, words(s), url.QueryEscape(s), url.PathEscape(s)} {
				if form != "" {
					pairs = append(pairs, form, left)
				}
			}
		}
		p.cover = strings.NewReplacer(pairs...)
	}
	return Clean(p.cover.Replace(text))
}
