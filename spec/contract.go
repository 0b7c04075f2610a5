package spec

import (
	"embed"
	"fmt"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/dfcheck/dfcheck/spec/strict"
)

// Contract is what one server promised: the two operations of the device flow
// as an OpenAPI document describes them.
type Contract struct {
	Name  string // documented-v1, documented-v2, rfc8628, or the name of a user's document
	Title string // the document's own title and version

	// Documented tells the documented API and users' documents, where the
	// document itself is the rule, from the standard contract.
	Documented bool

	Start Operation // device authorization (RFC 8628 section 3.1)
	Token Operation // polling (RFC 8628 section 3.4)

	// Source is the document, byte for byte. Transcripts keep it, so that a
	// judgement can be repeated.
	Source []byte

	// TokenResponseSlip says that the document gives the start response as
	// the token operation's 200. Token answers are then checked against
	// RFC 6749 section 5.1 instead.
	TokenResponseSlip bool
}

// Refreshes reports whether the contract has a refresh grant: the standard one,
// and a document that has its parameter.
func (c *Contract) Refreshes() bool {
	return !c.Documented || slices.ContainsFunc(c.Token.Params,
		func(p ParamSpec) bool { return p.Name == "refresh_token" })
}

// OperationHints names the operations where a document does not make them
// plain: each a path or an operationId, empty for "find it".
type OperationHints struct {
	Start string `json:"start,omitempty"`
	Token string `json:"token,omitempty"`
}

//go:embed openapi/*.yaml
var documents embed.FS

// ContractNames lists the built-in contracts.
func ContractNames() []string {
	return []string{"documented-v1", "documented-v2", "rfc8628"}
}

// BuiltinContract returns a built-in contract. An unknown name is an error
// that names the nearest one.
func BuiltinContract(name string) (*Contract, error) {
	data, err := documents.ReadFile("openapi/" + name + ".yaml")
	if err != nil {
		return nil, fmt.Errorf("unknown contract %q; the nearest is %q (%s, or the file name of an OpenAPI document)",
			name, strict.Nearest(name, ContractNames()), strings.Join(ContractNames(), ", "))
	}
	c, err := LoadContract(name, data, OperationHints{})
	if err != nil {
		return nil, err
	}
	standard := name == "rfc8628"
	c.Documented, c.Start.standard, c.Token.standard = !standard, standard, standard
	return c, nil
}

// LoadContract reads a user's OpenAPI 3.0 or 3.1 document, YAML or JSON. Each
// of the two operations is found by its hint, by the documented or the
// standard contract's operationId or path, or by shape: the one POST whose 200
// has device_code and user_code, and the one whose 200 has access_token. When
// that leaves none or several, the error lists the candidates.
func LoadContract(name string, data []byte, hints OperationHints) (*Contract, error) {
	doc, err := loadDocument(data)
	if err != nil {
		return nil, fmt.Errorf("contract %q: %w", name, err)
	}
	c := &Contract{Name: name, Title: title(doc.Info), Documented: true, Source: data}
	operations := doc.posts()
	start, err := locate(operations, startShape, hints.Start)
	if err == nil {
		err = c.Start.describe(doc, start)
	}
	if err != nil {
		return nil, fmt.Errorf("contract %q: %w", name, err)
	}
	token, err := locate(operations, tokenShape, hints.Token)
	if err == nil {
		err = c.Token.describe(doc, token)
	}
	if err != nil {
		return nil, fmt.Errorf("contract %q: %w", name, err)
	}
	c.Token.token = true
	if c.TokenResponseSlip = startShape.answeredBy(token) && !tokenShape.answeredBy(token); c.TokenResponseSlip {
		standard, err := BuiltinContract("rfc8628")
		if err != nil {
			return nil, err
		}
		c.Token.answers["200"] = standard.Token.answers["200"]
	}
	return c, nil
}

func title(info *openapi3.Info) string {
	if info == nil {
		return ""
	}
	return strings.TrimSpace(info.Title + " " + info.Version)
}
