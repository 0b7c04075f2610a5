package spec

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"

	"github.com/getkin/kin-openapi/openapi2"
	"github.com/getkin/kin-openapi/openapi2conv"
	"github.com/getkin/kin-openapi/openapi3"
)

// overlook notes in one line what kin-openapi finds wrong with the document. Nothing
// else follows from it.
func (d *document) overlook() {
	err := d.mistakes()
	if err == nil {
		return
	}
	// What cannot be loaded is not looked at further, so that there may be more.
	how, first := "mistakes that were passed over, the first", err
	if many, ok := errors.AsType[openapi3.MultiError](err); ok && len(many) > 0 {
		how, first = fmt.Sprint(len(many), " ", how), many[0]
		if len(many) == 1 {
			how = "a mistake that was passed over"
		}
	}
	text := misplaced.ReplaceAllString(firstLine(first).Error(), "a $1 where $2$3 belongs")
	d.note("the document has %s: %s", how, text)
}

// misplaced is what the library says of a value of another kind, in words of Go.
var misplaced = regexp.MustCompile(
	`^(?:json: )?cannot unmarshal (\w+) into (?:field (\S+) of type .*|value of type (?:\w+\.)?(.*))$`)

// mistakes are what kin-openapi says against the whole document.
func (d *document) mistakes() (err error) {
	defer func() {
		if recover() != nil { // a mistake that the library is not prepared for
			err = errors.New("one that kin-openapi cannot read past")
		}
	}()
	tree := d.files.trees[""]
	if _, err := d.load(tree); err != nil { // a reference to nothing, for one
		return err
	}
	t, err := d.load(unlinked(tree, ""))
	if err != nil {
		return err
	}
	// Both are legal: components.pathItems in 3.1, and patterns in another dialect of
	// regular expressions than Go's.
	return t.Validate(context.Background(), openapi3.EnableMultiError(), openapi3.AllowExtraSiblingFields("pathItems"),
		openapi3.DisableSchemaPatternValidation(), openapi3.DisableExamplesValidation())
}

// unlinked is a document whose schemas do not refer to each other. The library looks
// over all that a schema refers to once more for each reference, which takes half a
// minute in a document of a thousand schemas.
func unlinked(value any, at string) any {
	switch v := value.(type) {
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = unlinked(e, at+"/-")
		}
		return out
	case map[string]any:
		out := map[string]any{}
		for name, e := range v {
			out[name] = unlinked(e, at+"/"+name)
		}
		named := strings.Count(at, "/") == 3 && strings.HasPrefix(at, "/components/") // which may refer to itself
		if ref, _ := v["$ref"].(string); toSchema.MatchString(ref) && !named {
			return map[string]any{}
		}
		return out
	}
	return value
}

var toSchema = regexp.MustCompile(`#/(components/schemas|definitions)/`)

// load is a document as kin-openapi reads it. Files are those that the document
// may refer to, as everywhere here.
func (d *document) load(tree any) (*openapi3.T, error) {
	text, err := json.Marshal(tree)
	if err != nil {
		return nil, err
	}
	loader, here := openapi3.NewLoader(), &url.URL{Path: "document.json"}
	loader.ReadFromURIFunc = func(_ *openapi3.Loader, at *url.URL) ([]byte, error) {
		name, err := url.PathUnescape(at.String())
		if err == nil {
			err = networkRef(name)
		}
		if err == nil {
			err = d.files.load(name)
		}
		if err != nil {
			return nil, err
		}
		return json.Marshal(d.files.trees[name])
	}
	if d.swagger {
		var old openapi2.T
		if err := json.Unmarshal(text, &old); err != nil {
			return nil, err
		}
		return openapi2conv.ToV3WithLoader(&old, loader, here)
	}
	var t openapi3.T
	if err := json.Unmarshal(text, &t); err != nil {
		return nil, err
	}
	return &t, loader.ResolveRefsIn(&t, here)
}
