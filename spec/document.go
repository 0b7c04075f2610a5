package spec

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

// maxDocument is the size in bytes up to which an OpenAPI document is read.
const maxDocument = 8 << 20

// document is a loaded OpenAPI document. From version 3.1 on its schemas are
// JSON Schema 2020-12, which a compiler of that dialect validates.
type document struct {
	*openapi3.T
	compiler *jsonschema.Compiler // nil up to OpenAPI 3.0
}

// documentURL names the document to the JSON Schema compiler; nothing is
// fetched from it.
const documentURL = "mem:///openapi.json"

func loadDocument(data []byte) (*document, error) {
	if len(data) > maxDocument {
		return nil, fmt.Errorf("the document is larger than %d bytes", maxDocument)
	}
	t, err := openapi3.NewLoader().LoadFromData(data)
	if err != nil {
		return nil, fmt.Errorf("not a readable OpenAPI document: %w", err)
	}
	if !strings.HasPrefix(t.OpenAPI, "3.") {
		return nil, fmt.Errorf("openapi version %q, want 3.0 or 3.1", t.OpenAPI)
	}
	// Both are legal in 3.1: components.pathItems, and patterns in another
	// regular expression dialect than Go's.
	err = t.Validate(context.Background(), openapi3.AllowExtraSiblingFields("pathItems"),
		openapi3.DisableSchemaPatternValidation(), openapi3.DisableExamplesValidation())
	if err != nil {
		return nil, fmt.Errorf("not a valid OpenAPI document: %w", err)
	}
	d := &document{T: t}
	if t.IsOpenAPI31OrLater() {
		d.compiler, err = newCompiler(t)
	}
	return d, err
}

func newCompiler(t *openapi3.T) (*jsonschema.Compiler, error) {
	text, err := json.Marshal(t)
	if err != nil {
		return nil, err
	}
	resource, err := jsonschema.UnmarshalJSON(strings.NewReader(string(text)))
	if err != nil {
		return nil, err
	}
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	c.AssertFormat()
	c.UseRegexpEngine(func(text string) (jsonschema.Regexp, error) { return compilePattern(text), nil })
	return c, c.AddResource(documentURL, resource)
}

// post is one POST operation of a document.
type post struct {
	path   string
	prefix string // path of the server URL
	*openapi3.Operation
}

// posts lists the POST operations, sorted by path.
func (d *document) posts() []post {
	var all []post
	for path, item := range d.Paths.Map() {
		if item.Post == nil {
			continue
		}
		all = append(all, post{path, d.prefix(item), item.Post})
	}
	slices.SortFunc(all, func(a, b post) int { return cmp.Compare(a.path, b.path) })
	return all
}

// prefix is the path of the first server URL, the nearest declaration first.
func (d *document) prefix(item *openapi3.PathItem) string {
	servers := d.Servers
	if len(item.Servers) > 0 {
		servers = item.Servers
	}
	if item.Post.Servers != nil && len(*item.Post.Servers) > 0 {
		servers = *item.Post.Servers
	}
	base, err := servers.BasePath()
	if err != nil {
		return ""
	}
	return strings.TrimSuffix(base, "/")
}

// shape is what one of the two operations looks like.
type shape struct {
	what  string   // for messages
	hint  string   // the key that settles it
	names []string // operationIds and paths known beforehand
	has   []string // members of its 200
	takes []string // request members that it has
	lacks []string // request members that it does not have
}

var (
	startShape = shape{
		what: "device authorization",
		hint: "device_authorization",
		names: []string{"v1_oauth_device_authorization_create", "/api/v1/oauth/device-authorization/",
			"/api/v1/oauth/device-authorization"},
		has:   []string{"device_code", "user_code"},
		lacks: []string{"device_code", "user_code"},
	}
	tokenShape = shape{
		what:  "token",
		hint:  "token",
		names: []string{"v1_oauth_token_create", "/api/v1/oauth/token", "/api/v1/oauth/token/"},
		has:   []string{"access_token"},
		takes: []string{"device_code"},
	}
)

// answeredBy says whether the operation's 200 has the members of the shape.
func (s shape) answeredBy(p post) bool {
	response := p.Responses.Status(200)
	if response == nil || response.Value == nil {
		return false
	}
	for _, media := range response.Value.Content {
		if media.Schema != nil && containsAll(flatten(media.Schema).names(), s.has) {
			return true
		}
	}
	return false
}

// askedBy says whether the operation's request fits the shape.
func (s shape) askedBy(p post) bool {
	names := requestMembers(p.Operation).names()
	return containsAll(names, s.takes) && !slices.ContainsFunc(s.lacks,
		func(n string) bool { return slices.Contains(names, n) })
}

func (p post) named(name string) bool {
	return name != "" && (p.OperationID == name || p.path == name || p.prefix+p.path == name)
}

func locate(operations []post, s shape, hint string) (post, error) {
	if hint != "" {
		for _, p := range operations {
			if p.named(hint) {
				return p, nil
			}
		}
		return post{}, s.unclear(fmt.Sprintf("the document has no POST operation %q for %s", hint, s.what), operations)
	}
	for _, name := range s.names {
		for _, p := range operations {
			if p.named(name) {
				return p, nil
			}
		}
	}
	fits := filter(operations, s.answeredBy)
	if narrower := filter(fits, s.askedBy); len(narrower) > 0 {
		fits = narrower
	}
	switch len(fits) {
	case 1:
		return fits[0], nil
	case 0:
		return post{}, s.unclear("no POST operation answers 200 with "+strings.Join(s.has, " and "), operations)
	}
	return post{}, s.unclear(fmt.Sprintf("several operations could be %s", s.what), fits)
}

// maxCandidates bounds the list in a message.
const maxCandidates = 12

func (s shape) unclear(problem string, candidates []post) error {
	var list []string
	for _, p := range candidates[:min(len(candidates), maxCandidates)] {
		list = append(list, strings.TrimSpace(fmt.Sprintf("POST %s %s", p.path, p.OperationID)))
	}
	if len(list) == 0 {
		return errors.New(problem + "; the document has no POST operations at all")
	}
	return fmt.Errorf("%s; candidates: %s; name one with \"endpoints: {%s: PATH or operationId}\"",
		problem, strings.Join(list, ", "), s.hint)
}

func filter(all []post, keep func(post) bool) []post {
	var kept []post
	for _, p := range all {
		if keep(p) {
			kept = append(kept, p)
		}
	}
	return kept
}

func containsAll(have, want []string) bool {
	for _, w := range want {
		if !slices.Contains(have, w) {
			return false
		}
	}
	return true
}
