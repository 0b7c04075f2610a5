package wire

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/dfcheck/dfcheck/spec"
)

// Template is a request rendered up to the one value that differs between
// devices: the device code of a poll. Starts are alike, as those of devices of
// one make are.
type Template struct {
	URL       *url.URL
	origin    string      // its scheme and host
	Header    http.Header // for net/http
	head      []byte      // request line and header, to the length of the body
	pre, post []byte      // of the body
	escape    func(dst, value []byte) []byte
	Start     bool
	closes    bool // it ends its connection

	// Assert makes the assertion that goes into the place of AssertionPlace, one for each
	// request; end is what follows it.
	Assert func() string
	end    []byte
}

// Placeholder stands for the value while a template is made. No encoding
// changes it.
const Placeholder = "dfcheckvaluedfcheck"

// AssertionPlace stands for the assertion of a client, behind the value if there is one.
// Assertions are made of characters that no encoding changes.
const AssertionPlace = "dfcheckassertiondfcheck"

// NewTemplate renders a POST to the URL at. Placeholder in params is where the value
// goes; header has values beside those that every request has; closes says that a
// request ends its connection. Its error is that of the URL.
func NewTemplate(op *spec.Operation, at string, e spec.Encoding, params spec.Params, header http.Header, closes bool) (
	*Template, error,
) {
	u, err := url.Parse(at)
	if err != nil {
		return nil, err
	}
	contentType, body := op.Encode(e, params)
	t := &Template{URL: u, origin: u.Scheme + "://" + u.Host, escape: escapes[e], closes: closes, Header: http.Header{
		"User-Agent": {"dfcheck"}, "Accept": {"application/json"}, "Content-Type": {contentType}}}
	maps.Copy(t.Header, header)
	var found bool
	if t.pre, t.post, found = bytes.Cut(body, []byte(Placeholder)); !found {
		t.pre, t.post = body, nil
		t.escape = func(dst, _ []byte) []byte { return dst }
	}
	if before, after, asserts := bytes.Cut(t.post, []byte(AssertionPlace)); asserts {
		t.post, t.end = before, after
	} else if before, after, asserts := bytes.Cut(t.pre, []byte(AssertionPlace)); asserts && !found {
		t.pre, t.end = before, after
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "POST %s HTTP/1.1\r\nHost: %s\r\n", u.RequestURI(), cmp.Or(t.Header.Get("Host"), u.Host))
	for _, name := range slices.Sorted(maps.Keys(t.Header)) {
		for _, v := range t.Header[name] {
			if name != "Host" {
				fmt.Fprintf(&b, "%s: %s\r\n", name, v)
			}
		}
	}
	if closes {
		b.WriteString("Connection: close\r\n")
	}
	t.head = b.Bytes()
	return t, nil
}

// Body appends the body for a value.
func (t *Template) Body(dst, value []byte) []byte {
	dst = append(dst, t.pre...)
	dst = t.escape(dst, value)
	dst = append(dst, t.post...)
	if t.Assert != nil {
		dst = append(append(dst, t.Assert()...), t.end...)
	}
	return dst
}

// render appends the whole request for a value.
func (t *Template) render(dst, value []byte, made Forwarded) []byte {
	dst = made.line(append(dst, t.head...))
	dst = append(dst, "Content-Length: "...)
	at := len(dst)
	dst = append(dst, "0000\r\n\r\n"...) // room for the length
	body := len(dst)
	dst = t.Body(dst, value)
	n := len(dst) - body
	if n > 9999 { // a code of kilobytes: make room
		digits := strconv.Itoa(n)
		tail := append([]byte(digits+"\r\n\r\n"), dst[body:]...)
		return append(dst[:at], tail...)
	}
	for i := at + 3; i >= at; i-- { // leading zeros are digits too (RFC 9110 section 8.6)
		dst[i] = byte('0' + n%10)
		n /= 10
	}
	return dst
}

var escapes = map[spec.Encoding]func(dst, value []byte) []byte{
	spec.Form: func(dst, value []byte) []byte {
		done := 0
		for i, c := range value {
			if !unreserved[c] {
				dst = append(append(dst, value[done:i]...), '%', "0123456789ABCDEF"[c>>4], "0123456789ABCDEF"[c&15])
				done = i + 1
			}
		}
		return append(dst, value[done:]...)
	},
	spec.JSON: func(dst, value []byte) []byte {
		for _, c := range value {
			if c < 0x20 || c >= 0x7f || c == '"' || c == '\\' {
				_, object := spec.JSON.Encode(spec.Params{{Value: string(value)}}) // {"":"..."}
				return append(dst, object[len(`{"":"`):len(object)-len(`"}`)]...)
			}
		}
		return append(dst, value...)
	},
	spec.Multipart: func(dst, value []byte) []byte { return append(dst, value...) },
}

var unreserved = func() (set [256]bool) {
	for _, c := range "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~" {
		set[c] = true
	}
	return set
}()
