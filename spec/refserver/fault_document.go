package refserver

import (
	_ "embed"
	"strings"
	"sync"

	"github.com/dfcheck/dfcheck/spec"
)

//go:embed openapi.yaml
var openAPI []byte

// Document is what a server of documented-v1 really answers, as an OpenAPI
// document: formats, patterns, limits and errors that the documented API leaves
// open. Polls name their client in it, as RFC 8628 has it. Detailed faults break it.
var Document = sync.OnceValue(func() *spec.Contract {
	c, err := spec.LoadContract("refserver", openAPI, spec.OperationHints{})
	if err != nil {
		panic(err) // the file is embedded and held by a test
	}
	return c
})

// detailed shows a fault where the server is judged by its own document.
func detailed(f Fault) Fault { f.Detailed = true; return f }

var documentFaults = []Fault{
	answerFault("multipart-start-without-interval", "DF-DOC-001",
		"The response to a start in multipart/form-data lacks interval.",
		func(q *request, a *answer) {
			if q.name == "start" && a.code == "" && q.encoding == spec.Multipart {
				delete(a.members, "interval")
			}
		}),
	detailed(Fault{
		Name: "user-code-without-dash", Check: "DF-DOC-001",
		Doc: "User codes lack the dash that their pattern in the document has.",
		Break: func(b *behaviour) {
			b.userCode = func(s *Server) string { return strings.ReplaceAll(s.newUserCode(), "-", "") }
		},
	}),
	detailed(startFault("user-code-sent-twice", "DF-DOC-001",
		"The start response repeats the user code in a member that the document leaves no room for.",
		func(_ *Server, g *grant, m map[string]any) { m["code"] = g.userCode })),
	{
		Name: "refresh-without-lifetime", Check: "DF-DOC-002", Contract: "documented-v2",
		Doc: "The answer to a refresh lacks expires_in, which the document requires.",
		Break: func(b *behaviour) {
			b.refresh = func(s *Server, q *request) *answer {
				a := s.refresh(q)
				delete(a.members, "expires_in")
				return a
			}
		},
	},
	detailed(Fault{
		Name: "tokens-too-long", Check: "DF-DOC-002", Doc: "Access tokens are longer than the document's maxLength.",
		Break: func(b *behaviour) { b.token = func(*Server) string { return random(48) } },
	}),
	detailed(answerFault("error-uri-relative", "DF-DOC-003",
		"error_uri of access_denied is a path, where the document has the format uri.",
		func(_ *request, a *answer) {
			if a.code == spec.ErrAccessDenied {
				a.members, a.body = map[string]any{"error_description": "the user denied the request",
					"error_uri": "/errors/access_denied"}, nil
			}
		})),
	detailed(answerFault("pending-at-length", "DF-DOC-003",
		"authorization_pending comes with a description beyond the document's maxLength.",
		func(_ *request, a *answer) {
			if a.code == spec.ErrAuthorizationPending {
				a.members, a.body = map[string]any{"error_description": strings.Repeat("please wait ", 10)}, nil
			}
		})),
	answerFault("tokens-as-vendor-json", "DF-DOC-004",
		"The token response is labelled application/vnd.dfcheck.token+json.",
		func(q *request, a *answer) {
			if q.name == "token" && a.code == "" {
				a.with("Content-Type", "application/vnd.dfcheck.token+json")
			}
		}),
}
