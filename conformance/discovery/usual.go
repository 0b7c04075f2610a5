package discovery

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/dfcheck/dfcheck/conformance"
	"github.com/dfcheck/dfcheck/spec"
)

// byUsualIssuers looks for metadata where servers are known to have it.
func (e *explorer) byUsualIssuers(ctx context.Context) (found bool, err error) {
	if e.choice.Issuer != "" {
		e.halves = append(e.halves, "the issuer "+e.choice.Issuer+
			" has no metadata that names a device authorization endpoint")
		return false, nil
	}
	for _, p := range usualIssuers {
		if e.over(ctx) {
			break
		}
		issuer := e.target.Host + p
		m := e.metadata(ctx, WellKnown(issuer)[:2])
		if m == nil || m.endpoints.start == "" {
			continue
		}
		e.meta, e.issuer = m, issuer
		return e.byMetadata()
	}
	return false, nil
}

// savedDocument is where an OpenAPI document that was found is to be saved.
const savedDocument = "dfcheck.openapi"

// byDocument looks for an OpenAPI document that has both operations.
func (e *explorer) byDocument(ctx context.Context) bool {
	t := e.target
	for _, p := range usualDocuments {
		if e.over(ctx) {
			break
		}
		x, document := e.fetch(ctx, http.MethodGet, t.Host+p, "", "")
		if x.Status() != http.StatusOK || conformance.IsHTML(x) {
			continue
		}
		hints := spec.OperationHints{Path: e.choice.Path}
		contract, err := spec.LoadContract(x.Request.URL, document, hints)
		if err != nil {
			continue
		}
		t.Hints = hints
		t.Contract, t.ChosenBy = contract, "probe"
		t.ChosenWhy = "the OpenAPI document at " + x.Request.URL + " has both operations"
		t.Look.Document, t.Look.Spec = document, savedDocument+extension(p)
		return true
	}
	return false
}

func extension(path string) string {
	if strings.HasSuffix(path, ".yaml") {
		return ".yaml"
	}
	return ".json"
}

// byEndpoints looks for endpoints where servers are known to have them.
func (e *explorer) byEndpoints(ctx context.Context) bool {
	t := e.target
	for _, p := range e.usual {
		if e.over(ctx) {
			return false
		}
		start, ok := e.endpoint(ctx, join(t.Host, p.start), askStart)
		if !ok {
			continue
		}
		token := e.first(ctx, t.Host, tokenPathsFor(p.start, e.usual), askToken)
		if token == "" {
			neighbour := e.post(ctx, join(t.Host, p.token), spec.Form, askToken)
			e.half(fmt.Sprintf("%s answers (%s), %s does not (%s)", p.start, start.Says(), p.token,
				neighbour.Says()), flagToken)
			continue
		}
		t.Look.Start, t.Look.Token = p.start, strings.TrimPrefix(token, t.Host)
		why := start.Request.URL + " and " + token + " answer as the endpoints of a device flow do"
		return e.take("probe", why, pair{start.Request.URL, token}) == nil
	}
	e.lonelyToken(ctx)
	return false
}

// lonelyToken notes a token endpoint beside which no device authorization endpoint
// was found.
func (e *explorer) lonelyToken(ctx context.Context) {
	if len(e.halves) > 0 {
		return
	}
	if token := e.first(ctx, e.target.Host, pathsBeside("", e.usual, nil), askToken); token != "" {
		e.half(token+" answers as a token endpoint, and no device authorization endpoint was found", flagStart)
	}
}
