package conformance

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"unicode/utf8"

	"github.com/dfcheck/dfcheck/reports/redact"
)

// recordRequest keeps what was sent, without its secrets.
func (s *session) recordRequest(req *http.Request, c Call, body []byte) Request {
	out := Request{Method: c.Method, URL: s.secrets.Text(c.URL), Encoding: c.Encoding, Length: len(body)}
	if c.Client != nil {
		out.Client = c.Client.ID
	}
	contentType := ""
	if req != nil {
		out.Header = s.secrets.Header(req.Header)
		contentType = req.Header.Get("Content-Type")
		if c.Host != "" {
			out.Header.Set("Host", c.Host)
		}
	}
	if c.Raw == nil {
		out.Params = s.secrets.Params(c.Params)
	} else {
		out.Body = shortened(s.secrets.Body(string(body), redact.About{ContentType: contentType, Request: true}), MaxBody)
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
	out.Body = shortened(s.secrets.Body(string(raw), redact.About{ContentType: resp.Header.Get("Content-Type"), Refusal: refusal, Cut: cut}), MaxBody)
	if resp.TLS != nil {
		out.TLSVersion = resp.TLS.Version
	}
	return out
}

// shortened cuts a text after n bytes: once its secrets are replaced, not before.
func shortened(text string, n int) string { return text[:min(len(text), n)] }
