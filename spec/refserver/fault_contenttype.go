package refserver

import (
	"bytes"
	"io"
	"mime"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/dfcheck/dfcheck/spec"
)

// rewriteRequest makes a handler that changes requests before they are served.
// When change returns an answer, that is sent instead.
func rewriteRequest(change func(r *http.Request, body []byte) (*answer, []byte)) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			a, body := change(r, body)
			if a != nil {
				a.send(w)
				return
			}
			r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
			next.ServeHTTP(w, r)
		})
	}
}

// requestFault is a fault of how requests are read.
func requestFault(name, check, doc string, change func(r *http.Request, body []byte) (*answer, []byte)) Fault {
	return Fault{Name: name, Check: check, Doc: doc, Wrap: rewriteRequest(change)}
}

// unreadAtToken is a token endpoint that finds nothing in bodies of an encoding.
func unreadAtToken(name, check, doc string, enc spec.Encoding) Fault {
	return Fault{Name: name, Check: check, Doc: doc, Break: func(b *behaviour) {
		b.refuseToken = func(_ *Server, q *request) *answer {
			if q.encoding == enc {
				return refuse(spec.ErrInvalidRequest, "grant_type is missing")
			}
			return nil
		}
	}}
}

func labelled(r *http.Request, e spec.Encoding) bool {
	return r.Header.Get("Content-Type") == string(e)
}

// oneText is a JSON array that holds one text.
var oneText = regexp.MustCompile(`\[("[^"]*")\]`)

var contentTypeFaults = []Fault{
	unreadAtToken("form-unread-at-token", "DF-CTYPE-001", "The token endpoint finds nothing in forms.", spec.Form),
	unreadAtToken("json-unread-at-token", "DF-CTYPE-002", "The token endpoint finds nothing in JSON.", spec.JSON),
	unreadAtToken("multipart-unread-at-token", "DF-CTYPE-003", "The token endpoint finds nothing in multipart bodies.",
		spec.Multipart),
	{
		Name: "encoding-sticks", Check: "DF-CTYPE-004",
		Doc: "A code can be polled only in the encoding of its device authorization request.",
		Break: func(b *behaviour) {
			var started sync.Map // grant to encoding
			b.began = func(_ *Server, q *request, g *grant, _ map[string]any) { started.Store(g, q.encoding) }
			b.early = func(_ *Server, q *request, g *grant, _ time.Time) *answer {
				if enc, _ := started.Load(g); enc != q.encoding {
					return refuse(spec.ErrInvalidRequest, "the media type is not that of the device authorization request")
				}
				return nil
			}
		},
	},
	{
		Name: "multipart-faults-renamed", Check: "DF-CTYPE-005",
		Doc: "A device authorization request without client_id is invalid_client in multipart and invalid_request otherwise.",
		Break: func(b *behaviour) {
			b.finish = func(q *request, a *answer) {
				if q.name == "start" && q.encoding == spec.Multipart && a.code == spec.ErrInvalidRequest &&
					q.get("client_id") == "" {
					a.code = spec.ErrInvalidClient
				}
			}
		},
	},
	requestFault("content-type-exact", "DF-CTYPE-006", "The Content-Type is compared letter by letter.",
		func(r *http.Request, body []byte) (*answer, []byte) {
			label := r.Header.Get("Content-Type")
			t, _, _ := mime.ParseMediaType(label)
			if t != label && (t == string(spec.Form) || t == string(spec.JSON)) {
				return problem(http.StatusUnsupportedMediaType, "the media type of the body is not supported"), nil
			}
			return nil, body
		}),
	requestFault("any-type-is-a-form", "DF-CTYPE-007", "A body of any other media type is read as a form.",
		func(r *http.Request, body []byte) (*answer, []byte) {
			t, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
			if e := spec.Encoding(t); err == nil && e != spec.Form && e != spec.JSON && e != spec.Multipart {
				r.Header.Set("Content-Type", string(spec.Form))
			}
			return nil, body
		}),
	requestFault("json-in-a-form", "DF-CTYPE-008", "JSON is read under the label of a form.",
		func(r *http.Request, body []byte) (*answer, []byte) {
			if labelled(r, spec.Form) && bytes.HasPrefix(body, []byte("{")) {
				r.Header.Set("Content-Type", string(spec.JSON))
			}
			return nil, body
		}),
	requestFault("json-array-crashes", "DF-CTYPE-009", "A JSON array as the body ends in 500.",
		func(r *http.Request, body []byte) (*answer, []byte) {
			if labelled(r, spec.JSON) && bytes.HasPrefix(body, []byte("[")) {
				return problem(http.StatusInternalServerError, "internal error"), nil
			}
			return nil, body
		}),
	requestFault("json-array-as-text", "DF-CTYPE-010", "A JSON array that holds one text is taken for the text.",
		func(r *http.Request, body []byte) (*answer, []byte) {
			if labelled(r, spec.JSON) {
				body = oneText.ReplaceAll(body, []byte("$1"))
			}
			return nil, body
		}),
	{
		Name: "json-names-twice-crash", Check: "DF-CTYPE-011", Doc: "A name that occurs twice in a JSON object ends in 500.",
		Break: func(b *behaviour) {
			crash := func(_ *Server, q *request) *answer {
				if q.encoding == spec.JSON && len(q.params)-len(q.params.Without("client_id")) > 1 {
					return problem(http.StatusInternalServerError, "internal error")
				}
				return nil
			}
			b.refuseStart, b.refuseToken = crash, crash
		},
	},
	requestFault("multipart-without-boundary-crashes", "DF-CTYPE-012",
		"Multipart without a boundary parameter ends in 500.",
		func(r *http.Request, body []byte) (*answer, []byte) {
			if labelled(r, spec.Multipart) {
				return problem(http.StatusInternalServerError, "internal error"), nil
			}
			return nil, body
		}),
	{
		Name: "html-without-accept", Check: "DF-CTYPE-013", Doc: "The operations answer a request without Accept in HTML.",
		Wrap: rewrite(func(r *http.Request, a *recorded) {
			if r.Method == http.MethodPost && r.Header.Get("Accept") == "" && strings.Contains(r.URL.Path, "oauth") {
				a.header.Set("Content-Type", "text/html; charset=utf-8")
				a.body = []byte("<!doctype html><title>Device flow</title><pre>" + string(a.body) + "</pre>")
			}
		}),
	},
	requestFault("lower-case-escapes-refused", "DF-CTYPE-014", "Escapes in lower case are not decoded.",
		func(r *http.Request, body []byte) (*answer, []byte) {
			if labelled(r, spec.Form) && bytes.Contains(body, []byte("%3a")) {
				return refuse(spec.ErrUnsupportedGrantType, "the grant type is not supported"), nil
			}
			return nil, body
		}),
	{
		Name: "json-polls-unlimited", Check: "DF-CTYPE-015", Doc: "Polls in JSON bypass the rate limit.",
		Break: func(b *behaviour) {
			b.tooFast = func(q *request, g *grant, now time.Time) bool { return q.encoding != spec.JSON && tooFast(q, g, now) }
		},
	},
	pollFault("multipart-never-redeems", "DF-CTYPE-016", "An approved code is unknown to polls in multipart.",
		func(_ *Server, q *request, g *grant, _ time.Time) *answer {
			if g.state == approved && q.encoding == spec.Multipart {
				return refuse(spec.ErrInvalidGrant, "the device code is unknown")
			}
			return nil
		}),
	pollFault("json-denial-pending", "DF-CTYPE-017", "A denied code is still pending to polls in JSON.",
		func(_ *Server, q *request, g *grant, _ time.Time) *answer {
			if g.state == denied && q.encoding == spec.JSON {
				return stateAnswer(spec.ErrAuthorizationPending)
			}
			return nil
		}),
	{
		Name: "multipart-never-expires", Check: "DF-CTYPE-018", Doc: "Polls in multipart ignore the expiry of a code.",
		Break: func(b *behaviour) {
			b.over = func(q *request, g *grant, now time.Time) bool {
				return q.encoding != spec.Multipart && !now.Before(g.expires)
			}
		},
	},
	pollFault("json-redeems-again", "DF-CTYPE-019", "Polls in JSON do not check whether a code was used.",
		func(s *Server, q *request, g *grant, _ time.Time) *answer {
			if g.state == redeemed && q.encoding == spec.JSON {
				return s.is.redeem(s, q, g)
			}
			return nil
		}),
}
