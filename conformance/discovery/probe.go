package discovery

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/dfcheck/dfcheck/conformance"
	"github.com/dfcheck/dfcheck/reports/redact"
	"github.com/dfcheck/dfcheck/spec"
)

// A prober asks a host what it is, before there is a session: it keeps what it
// sent, and sends no secret of a client.
type prober struct {
	client  *http.Client
	secrets *redact.Redactor
	headers http.Header // of the target's configuration
	slowest time.Duration
	tried   []*conformance.Exchange
	failed  int // requests that got no answer
	asked   map[string]*conformance.Exchange
}

func newProber(t *conformance.Target) *prober {
	return &prober{client: t.HTTPClient(), secrets: t.Secrets(), headers: t.Headers, slowest: t.AnswerTimeout(),
		asked: map[string]*conformance.Exchange{}}
}

// Limits on a look at a host: an unknown server is not to be searched for long.
const (
	mostAsked   = 80
	mostFailed  = 3
	maxAnswer   = 1 << 20 // bytes
	maxDocument = 8 << 20 // bytes of an OpenAPI document: those of whole products are large
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
	op     conformance.Operation
	params spec.Params
	first  spec.Encoding
	fields []string // of the documented API, whose refusals may name them instead (ruling R9)
}

var (
	askStart = inquiry{op: conformance.OpStart, params: spec.Params{{Name: "client_id", Value: nobody}}, first: spec.Form}
	askToken = inquiry{op: conformance.OpToken, params: spec.Params{{Name: "grant_type", Value: spec.GrantDeviceCode},
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
func (l *prober) endpoint(ctx context.Context, u string, a inquiry) (x *conformance.Exchange, ok bool) {
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
		if x.Class() != 4 || conformance.MissingPath(x) {
			break // another encoding would change nothing
		}
	}
	return x, false
}

// kind is what an answer says of the endpoint that gave it: that it hands out
// codes, or refuses as OAuth or the documented API does. A page and a success
// without codes say nothing.
func (a inquiry) kind(x *conformance.Exchange) string {
	code := x.ErrorCode()
	switch {
	case a.op == conformance.OpStart && x.Class() == 2 && x.HasCodes():
		return "codes"
	case x.Status() < http.StatusBadRequest || x.Object() == nil:
		return ""
	case conformance.KnownError(code):
		return fmt.Sprint(x.Status(), code)
	case x.Class() == 4 && !conformance.MissingPath(x) && names(x.Object(), a.fields):
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
func (l *prober) post(ctx context.Context, u string, enc spec.Encoding, a inquiry) *conformance.Exchange {
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
func (l *prober) ask(ctx context.Context, method, u, contentType, body string) *conformance.Exchange {
	x, _ := l.fetch(ctx, method, u, contentType, body)
	return x
}

// fetch is ask with all of the body that came, as it came.
func (l *prober) fetch(ctx context.Context, method, u, contentType, body string) (*conformance.Exchange, []byte) {
	x := &conformance.Exchange{ID: fmt.Sprintf("x%d", len(l.tried)+1), Scenario: "look", Op: conformance.OpMetadata,
		Request: conformance.Request{Method: method, URL: u, Body: body, Length: len(body), Header: http.Header{}}}
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
		return l.unanswered(x, err), nil
	}
	req.Header = x.Request.Header.Clone()
	x.Request.Header = l.secrets.Header(x.Request.Header)
	limit := int64(maxAnswer)
	if slices.ContainsFunc(usualDocuments, func(p string) bool { return strings.HasSuffix(u, p) }) {
		limit = maxDocument
	}
	resp, b, err := conformance.Fetch(l.client, req, limit, l.slowest)
	if err != nil && !errors.Is(err, conformance.ErrLong) {
		return l.unanswered(x, err), nil
	}
	kept := b[:min(len(b), conformance.MaxBody)]
	x.Response = &conformance.Response{Status: resp.StatusCode, Proto: resp.Proto, Header: l.secrets.Header(resp.Header),
		Length: int64(len(b)),
		Body: l.secrets.Body(string(kept), redact.About{ContentType: resp.Header.Get("Content-Type"),
			Cut: len(kept) < len(b)})}
	return x, b
}

func (l *prober) unanswered(x *conformance.Exchange, err error) *conformance.Exchange {
	l.failed++
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		err = wrapped.Err // without the URL, which may hold parameters
	}
	x.Error = l.secrets.Text(err.Error())
	return x
}
