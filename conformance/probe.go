package conformance

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"

	"github.com/dfcheck/dfcheck/reports/redact"
	"github.com/dfcheck/dfcheck/spec"
)

// A prober asks a host what it is, before there is a session: it keeps what it
// sent, and sends no secret of a client.
type prober struct {
	client  *http.Client
	secrets *redactor
	headers http.Header // of the target's configuration
	tried   []*Exchange
	failed  int // requests that got no answer
	asked   map[string]*Exchange
}

func (t *Target) prober() *prober {
	return &prober{client: t.HTTPClient(), secrets: t.redactor(), headers: t.Headers, asked: map[string]*Exchange{}}
}

// Limits on a look at a host: an unknown server is not to be searched for long.
const (
	mostAsked   = 80
	mostFailed  = 3
	maxDocument = 8 << 20 // bytes of one answer: OpenAPI documents of whole products are large
)

// over reports whether a look has gone on for long enough, or nothing answers.
func (l *prober) over(ctx context.Context) bool {
	return ctx.Err() != nil || len(l.tried) >= mostAsked || l.failed >= mostFailed ||
		l.failed == len(l.tried) && l.failed > 0
}

// nobody is the client, and the device code, of requests that are not to be
// carried out.
const nobody = "dfcheck-probe"

// An inquiry is what an endpoint is asked to find out whether it is one.
type inquiry struct {
	op     Operation
	params spec.Params
	first  spec.Encoding
	fields []string // of the documented API, whose refusals may name them instead (ruling R9)
}

var (
	askStart = inquiry{op: OpStart, params: spec.Params{{Name: "client_id", Value: nobody}}, first: spec.Form}
	askToken = inquiry{op: OpToken, params: spec.Params{{Name: "grant_type", Value: spec.GrantDeviceCode},
		{Name: "device_code", Value: nobody}, {Name: "client_id", Value: nobody}}, first: spec.Form}
)

// documentedInquiry is what the documented device authorization endpoint is asked:
// without what it requires of a device.
func documentedInquiry(start *spec.Operation) inquiry {
	a := askStart
	a.first = spec.JSON
	for _, p := range start.Params {
		a.fields = append(a.fields, p.Name)
	}
	return a
}

// endpoint asks what may be an endpoint and returns its answer; ok reports whether
// it is one. Whoever answers a path beside it in the same way answers them all.
func (l *prober) endpoint(ctx context.Context, u string, a inquiry) (x *Exchange, ok bool) {
	encodings := []spec.Encoding{spec.Form, spec.JSON}
	if a.first == spec.JSON {
		slices.Reverse(encodings)
	}
	for _, enc := range encodings {
		if l.over(ctx) {
			break
		}
		x = l.post(ctx, u, enc, a)
		if said := a.kind(x); said != "" {
			return x, x.HasCodes() || a.kind(l.post(ctx, beside(u), enc, a)) != said
		}
		if x.Class() != 4 || MissingPath(x) {
			break // another encoding would change nothing
		}
	}
	return x, false
}

// kind is what an answer says of the endpoint that gave it: that it hands out
// codes, or refuses as OAuth or the documented API does. A page and a success
// without codes say nothing.
func (a inquiry) kind(x *Exchange) string {
	code := x.ErrorCode()
	switch {
	case a.op == OpStart && x.Class() == 2 && x.HasCodes():
		return "codes"
	case x.Status() < http.StatusBadRequest || x.Object() == nil:
		return ""
	case slices.Contains(RegisteredErrors, code) || slices.Contains(serverErrors, code):
		return fmt.Sprint(x.Status(), code)
	case x.Class() == 4 && !MissingPath(x) && names(x.Object(), a.fields):
		return fmt.Sprint(x.Status(), " fields")
	}
	return ""
}

// names reports whether one of some words is a member or a value anywhere in an
// answer.
func names(v any, words []string) bool {
	switch v := v.(type) {
	case string:
		return slices.Contains(words, v)
	case []any:
		return slices.ContainsFunc(v, func(e any) bool { return names(e, words) })
	case map[string]any:
		for k, e := range v {
			if slices.Contains(words, k) || names(e, words) {
				return true
			}
		}
	}
	return false
}

// beside is a URL in the same folder at which nothing should be.
func beside(u string) string {
	p, err := url.Parse(u)
	if err != nil {
		return u
	}
	dir := path.Dir(strings.TrimSuffix(p.Path, "/"))
	return p.Scheme + "://" + p.Host + strings.TrimSuffix(dir, "/") + "/" + nobody
}

// post sends parameters, once for each URL, encoding and kind of endpoint.
func (l *prober) post(ctx context.Context, u string, enc spec.Encoding, a inquiry) *Exchange {
	key := u + " " + string(enc) + " " + string(a.op)
	if x := l.asked[key]; x != nil {
		return x
	}
	contentType, body := enc.Encode(a.params)
	x := l.ask(ctx, http.MethodPost, u, contentType, string(body))
	x.Request.Encoding = enc
	l.asked[key] = x
	return x
}

// ask sends one request and keeps it. It never returns nil.
func (l *prober) ask(ctx context.Context, method, u, contentType, body string) *Exchange {
	x := &Exchange{ID: fmt.Sprintf("x%d", len(l.tried)+1), Scenario: "look", Op: OpMetadata,
		Request: Request{Method: method, URL: u, Body: body, Length: len(body), Header: http.Header{}}}
	l.tried = append(l.tried, x)
	for k, v := range l.headers {
		x.Request.Header[k] = v
	}
	x.Request.Header.Set("User-Agent", "dfcheck")
	x.Request.Header.Set("Accept", "application/json")
	if body != "" {
		x.Request.Header.Set("Content-Type", contentType)
	}
	req, err := http.NewRequestWithContext(ctx, method, u, strings.NewReader(body))
	if err != nil {
		return l.unanswered(x, err)
	}
	req.Header = x.Request.Header.Clone()
	x.Request.Header = l.secrets.Header(x.Request.Header)
	resp, err := l.client.Do(req)
	if err != nil {
		return l.unanswered(x, unwrapURL(err))
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(io.LimitReader(resp.Body, maxDocument))
	if err != nil {
		return l.unanswered(x, err)
	}
	x.raw = b
	kept := b[:min(len(b), MaxBody)]
	x.Response = &Response{Status: resp.StatusCode, Proto: resp.Proto, Header: l.secrets.Header(resp.Header),
		Length: int64(len(b)),
		Body: l.secrets.Body(string(kept), redact.About{ContentType: resp.Header.Get("Content-Type"),
			Cut: len(kept) < len(b)})}
	return x
}

func (l *prober) unanswered(x *Exchange, err error) *Exchange {
	l.failed++
	x.Error = l.secrets.Text(err.Error())
	return x
}

// join puts a path behind a host as it was given, its own path kept.
func join(host, path string) string {
	if strings.Contains(path, "://") {
		return path
	}
	return strings.TrimSuffix(host, "/") + "/" + strings.TrimPrefix(path, "/")
}
