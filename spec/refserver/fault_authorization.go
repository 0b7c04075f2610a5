package refserver

import (
	"strings"
	"sync"
	"time"

	"github.com/dfcheck/dfcheck/spec"
)

// startFault changes what a start answers.
func startFault(name, check, doc string, change func(s *Server, g *grant, m map[string]any)) Fault {
	return Fault{Name: name, Check: check, Doc: doc, Break: func(b *behaviour) {
		b.began = func(s *Server, _ *request, g *grant, m map[string]any) { change(s, g, m) }
	}}
}

// startRequestFault changes how a start is read, or refuses it.
func startRequestFault(name, check, doc string, change func(s *Server, q *request) *answer) Fault {
	return Fault{Name: name, Check: check, Doc: doc, Break: func(b *behaviour) { b.refuseStart = change }}
}

func optional(name, check, param, doc string) Fault {
	return Fault{Name: name, Check: check, Doc: doc, Break: func(b *behaviour) {
		b.required = func(op, p string) bool { return op != "start" || p != param }
	}}
}

var authorizationFaults = []Fault{
	startFault("interval-missing", "DF-AUTHZ-001",
		"The device authorization response of the documented API lacks interval.",
		func(_ *Server, _ *grant, m map[string]any) { delete(m, "interval") }),
	standard(startRequestFault("scope-mandatory", "DF-AUTHZ-002",
		"A device authorization request without scope is refused.",
		func(_ *Server, q *request) *answer {
			if q.get("scope") == "" {
				return refuse(spec.ErrInvalidRequest, "scope is missing")
			}
			return nil
		})),
	startFault("expires-in-as-string", "DF-AUTHZ-003", "expires_in is a string.",
		func(_ *Server, _ *grant, m map[string]any) { m["expires_in"] = number(m["expires_in"]) }),
	{
		Name: "start-as-text", Check: "DF-AUTHZ-004", Doc: "The device authorization response is labelled text/plain.",
		Break: func(b *behaviour) {
			b.finish = func(q *request, a *answer) {
				if q.name == "start" && a.code == "" {
					a.with("Content-Type", "text/plain")
				}
			}
		},
	},
	startFault("verification-uri-relative", "DF-AUTHZ-005", "verification_uri is a path without a host.",
		func(_ *Server, _ *grant, m map[string]any) {
			m["verification_uri"] = pathPage
			delete(m, "verification_uri_complete")
		}),
	startFault("verification-uri-with-code", "DF-AUTHZ-006", "verification_uri carries the user code.",
		func(_ *Server, _ *grant, m map[string]any) {
			m["verification_uri"] = m["verification_uri_complete"]
			delete(m, "verification_uri_complete")
		}),
	{
		Name: "complete-uri-of-another", Check: "DF-AUTHZ-007",
		Doc: "verification_uri_complete carries the user code of the previous response.",
		Break: func(b *behaviour) {
			var mu sync.Mutex
			last := "BBBB-BBBB"
			b.began = func(s *Server, _ *request, g *grant, m map[string]any) {
				mu.Lock()
				defer mu.Unlock()
				m["verification_uri_complete"] = s.cfg.BaseURL + pathPage + "?user_code=" + last
				last = g.userCode
			}
		},
	},
	{
		Name: "expires-in-epoch", Check: "DF-AUTHZ-008", Doc: "expires_in is a timestamp instead of a lifetime.",
		Break: func(b *behaviour) {
			b.lifetime = func(*Server) time.Duration { return time.Hour }
			b.began = func(_ *Server, _ *request, g *grant, m map[string]any) { m["expires_in"] = g.expires.Unix() }
		},
	},
	startFault("interval-negative", "DF-AUTHZ-009", "interval is -1.",
		func(_ *Server, _ *grant, m map[string]any) { m["interval"] = -1 }),
	evictsOldestOf(1, "DF-AUTHZ-010"),
	evictsOldestOf(8, "DF-AUTHZ-010"),
	{
		Name: "identical-starts-merged", Check: "DF-AUTHZ-010",
		Doc: "Two equal device authorization requests within a second get the same codes.",
		Break: func(b *behaviour) {
			type begun struct {
				at      time.Time
				members map[string]any
			}
			var mu sync.Mutex
			seen := map[string]begun{}
			key := func(q *request) string {
				var k strings.Builder
				for _, p := range q.params {
					k.WriteString(p.Name + "\x00" + p.Value + "\x00")
				}
				return k.String()
			}
			b.refuseStart = func(_ *Server, q *request) *answer {
				mu.Lock()
				defer mu.Unlock()
				if last, ok := seen[key(q)]; ok && time.Since(last.at) < time.Second && q.get("device_os") != "" {
					return succeed(last.members)
				}
				return nil
			}
			b.began = func(_ *Server, q *request, _ *grant, m map[string]any) {
				mu.Lock()
				defer mu.Unlock()
				seen[key(q)] = begun{time.Now(), m}
			}
		},
	},
	startRequestFault("client-defaulted", "DF-AUTHZ-011",
		"A device authorization request without client_id is counted as a default client's.",
		func(_ *Server, q *request) *answer {
			if _, there := q.params.Get("client_id"); !there {
				q.params = q.params.With("client_id", "dfcheck")
			}
			return nil
		}),
	startRequestFault("unknown-client-accepted", "DF-AUTHZ-012",
		"A device authorization request of an unregistered client is served.",
		func(s *Server, q *request) *answer {
			if id := q.get("client_id"); len(id) > 8 && strings.HasPrefix(id, "dfcheck-") && s.clients[id] == nil {
				q.params = q.params.With("client_id", "dfcheck")
			}
			return nil
		}),
	optional("device-type-optional", "DF-AUTHZ-013", "device_type",
		"A device authorization request without device_type is served."),
	optional("device-os-optional", "DF-AUTHZ-014", "device_os",
		"A device authorization request without device_os is served."),
	startRequestFault("unknown-parameters-refused", "DF-AUTHZ-015",
		"A device authorization request with an undeclared parameter is refused.",
		func(_ *Server, q *request) *answer {
			for _, p := range q.params {
				if !q.op.Has(p.Name) && strings.ContainsAny(p.Name, "_[") && !known[p.Name] && !extension[p.Name] {
					return refuse(spec.ErrInvalidRequest, "unknown parameter")
				}
			}
			return nil
		}),
	startRequestFault("empty-scope-refused", "DF-AUTHZ-016", "An empty scope is answered with invalid_scope.",
		func(_ *Server, q *request) *answer {
			if v, there := q.params.Get("scope"); there && v == "" {
				return refuse(spec.ErrInvalidScope, "the scope is empty")
			}
			return nil
		}),
	standard(startRequestFault("last-client-wins", "DF-AUTHZ-017", "Of two different client_ids the last one counts.",
		func(_ *Server, q *request) *answer {
			for i := len(q.params) - 1; i >= 0; i-- {
				if q.params[i].Name == "client_id" {
					q.params = q.params.With("client_id", q.params[i].Value)
					break
				}
			}
			return nil
		})),
	startRequestFault("malformed-scope-accepted", "DF-AUTHZ-018", "A scope with a double quote is accepted.",
		func(_ *Server, q *request) *answer {
			if strings.ContainsAny(q.get("scope"), "\"\\") {
				q.params = q.params.With("scope", "openid")
			}
			return nil
		}),
	startRequestFault("entitlement-unchecked", "DF-AUTHZ-019", "A client without the device grant gets codes.",
		func(_ *Server, q *request) *answer {
			if q.get("client_id") == "nodevice" {
				q.params = q.params.With("client_id", "dfcheck")
			}
			return nil
		}),
	startRequestFault("query-merged", "DF-AUTHZ-020", "Parameters in the URL of a device authorization request count.",
		func(_ *Server, q *request) *answer {
			for name, values := range q.URL.Query() {
				q.params = append(q.params, spec.Param{Name: name, Value: values[0]})
			}
			return nil
		}),
}
