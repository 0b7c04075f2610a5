package conformance

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/dfcheck/dfcheck/conformance/traits"
	"github.com/dfcheck/dfcheck/reports/redact"
	"github.com/dfcheck/dfcheck/spec"
)

// recordRequest keeps what was sent, without its secrets.
func (s *session) recordRequest(req *http.Request, c Call, body []byte) Request {
	out := Request{Method: c.Method, URL: s.secrets.URL(c.URL), Encoding: c.Encoding, Length: len(body)}
	if c.Client != nil {
		out.Client = c.Client.ID
	}
	contentType := ""
	if req != nil {
		if front, _, _ := strings.Cut(c.URL, "?"); req.URL.RawQuery != "" {
			out.URL = s.secrets.URL(front + "?" + req.URL.RawQuery)
		}
		out.Header = s.secrets.Header(req.Header)
		contentType = req.Header.Get("Content-Type")
		if c.Host != "" {
			out.Header.Set("Host", c.Host)
		}
	}
	if c.Raw == nil {
		out.Params = s.secrets.Params(c.Params)
	} else {
		out.Body = s.kept(body, redact.About{ContentType: contentType, Request: true})
	}
	return out
}

// recordResponse keeps what came back, without its secrets. Length and hash are
// those of the body as it came; cut tells that it was not read to its end.
func (s *session) recordResponse(resp *http.Response, raw []byte, cut bool) *Response {
	refusal := resp.StatusCode >= http.StatusBadRequest
	if !refusal {
		s.secrets.learn(raw)
	}
	sum := sha256.Sum256(raw)
	out := &Response{
		Status: resp.StatusCode, Proto: resp.Proto, Header: s.secrets.Header(resp.Header),
		Length: int64(len(raw)), SHA256: hex.EncodeToString(sum[:]),
		InvalidUTF8: !utf8.Valid(raw),
	}
	out.Body = s.kept(raw, redact.About{ContentType: resp.Header.Get("Content-Type"), Refusal: refusal, Cut: cut})
	out.reading = read(out.Body)
	if resp.TLS != nil {
		out.TLSVersion = resp.TLS.Version
	}
	return out
}

// deviations are those of an answer from the contract's document.
func (s *session) deviations(op *spec.Operation, resp *http.Response, raw []byte) []spec.Deviation {
	return s.secrets.renamed(op.CheckResponse(resp.StatusCode, resp.Header.Get("Content-Type"), raw))
}

// renamed are deviations without the secrets that a server makes names of.
func (r *redactor) renamed(all []spec.Deviation) []spec.Deviation {
	var out []spec.Deviation
	for _, d := range all {
		out = append(out, d.Renamed(r.Text))
	}
	return out
}

// kept is what is recorded of a body. It is cut at MaxBody once its secrets are
// replaced, not before: one that the cut goes through must not leave its beginning.
// So twice that is read, and not all of a body of many MiB.
func (s *session) kept(body []byte, about redact.About) string {
	if len(body) > 2*MaxBody {
		body, about.Cut = body[:2*MaxBody], true
	}
	return Truncate(s.secrets.Body(string(body), about), MaxBody)
}

// Truncate cuts a text after n bytes.
func Truncate(text string, n int) string { return text[:min(len(text), n)] }

// redactAgain replaces what became known as a secret after it was recorded: an
// answer that quotes a token may arrive before the one that gives it out.
// Judges may be reading the exchanges, so that one that changes is a copy.
func (t *Transcript) redactAgain(secrets *redactor) {
	for i, x := range t.Exchanges {
		request, response, problem := x.Request, x.Response, secrets.Text(x.Error)
		request.URL = secrets.Text(request.URL)
		request.Body = secrets.Body(request.Body, redact.About{ContentType: request.Header.Get("Content-Type"),
			Request: true})
		changed := problem != x.Error || request.URL != x.Request.URL || request.Body != x.Request.Body
		if response != nil {
			r := *response
			r.Body = secrets.Body(r.Body, redact.About{ContentType: r.Header.Get("Content-Type"),
				Refusal: r.Status >= http.StatusBadRequest})
			r.Deviations = secrets.renamed(r.Deviations)
			if r.Body != response.Body {
				changed, r.reading = true, read(r.Body)
			}
			changed = changed || !slices.Equal(r.Deviations, response.Deviations)
			response = &r
		}
		if changed {
			y := *x
			y.Request, y.Response, y.Error = request, response, problem
			t.Exchanges[i] = &y
		}
	}
	for i, e := range t.Events {
		t.Events[i].Detail = secrets.Text(e.Detail)
	}
}

// pools measures the device codes that the target issued. Made-up codes, which
// only ever travelled to the target, are not part of it. sample is the scenario
// that starts codes in a row.
func pools(x []*Exchange, sample string) map[string]traits.Pool {
	var all, inOrder []string
	xs := slices.Clone(x)
	slices.SortFunc(xs, func(a, b *Exchange) int { return cmp.Compare(a.Sent, b.Sent) })
	for _, x := range xs {
		code := issuedCode(x)
		if code == "" {
			continue
		}
		all = append(all, code)
		if x.Scenario == sample {
			inOrder = append(inOrder, code)
		}
	}
	if len(all) == 0 {
		return nil
	}
	return map[string]traits.Pool{"device_code": traits.PoolOf(all, inOrder)}
}

// issuedCode is the device code that an exchange handed out, empty when none.
func issuedCode(x *Exchange) string {
	if x.Op != OpStart || x.Class() != 2 {
		return ""
	}
	codes, _ := spec.DecodeStart(x.raw) // what is wrong with it is for the checks
	return codes.DeviceCode
}
