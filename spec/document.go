package spec

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// maxDocument is the size in bytes up to which an OpenAPI document is read, with
// the files that it refers to.
const maxDocument = 8 << 20

// document is an OpenAPI document as it stands there. Only what the two operations
// reach is ever looked at closely: a mistake elsewhere is nobody's business here.
type document struct {
	root  node
	files *files
	notes []string
	// since31 says that schemas are JSON Schema 2020-12, in which other keywords
	// may stand beside a reference.
	since31 bool
	swagger bool                  // it is Swagger 2.0, and root what became of it
	schemas map[uintptr]validator // compiled ones
}

// bundled is the member of a document that holds the files it refers to, by their
// paths relative to it, once they are bundled.
const bundled = "x-dfcheck-files"

// loadDocument reads a document. Where it refers to other files, read is asked for
// them by their paths relative to it; nil means that it must stand alone.
func loadDocument(data []byte, read reader) (*document, error) {
	if len(data) > maxDocument {
		return nil, fmt.Errorf("the document is larger than %d bytes", maxDocument)
	}
	tree, err := parseTree(data)
	if err != nil {
		return nil, fmt.Errorf("not a readable OpenAPI document: %w", err)
	}
	if _, ok := tree.(map[string]any); !ok {
		return nil, errors.New("not a readable OpenAPI document: it holds no members such as openapi and paths")
	}
	f := &files{trees: map[string]any{"": tree}, read: read, left: maxDocument - len(data),
		unresolved: map[string]string{}}
	d := &document{root: node{tree, "", f}, files: f, schemas: map[uintptr]validator{}}
	if held := d.root.get(bundled); held.isMap() {
		for name, v := range held.all() {
			f.trees[name] = v.value
		}
		f.read = nil
	}
	return d, d.understand()
}

// understand looks at the version. Swagger 2.0 becomes OpenAPI 3.0.
func (d *document) understand() error {
	version := d.root.get("openapi").text()
	switch {
	case strings.HasPrefix(version, "3"):
		d.since31 = !strings.HasPrefix(version, "3.0") && version != "3"
	case strings.HasPrefix(d.root.get("swagger").text(), "2"):
		d.swagger = true
		d.root = node{swaggerTree(d.root), "", d.files}
		d.notes = append(d.notes, "the document is Swagger 2.0, which was converted to OpenAPI 3.0")
	case version != "":
		return fmt.Errorf("openapi version %q, want 3.0, 3.1 or 3.2 (or swagger: \"2.0\")", version)
	default:
		return errors.New("not an OpenAPI document: it has neither openapi: 3.x nor swagger: \"2.0\"")
	}
	return nil
}

func (d *document) note(format string, args ...any) {
	d.notes = append(d.notes, shorten(fmt.Sprintf(format, args...), 400))
}

// title is the document's own title and version.
func (d *document) title() string {
	info := d.root.get("info")
	return strings.TrimSpace(info.get("title").text() + " " + info.get("version").text())
}

// source is the document with the files that were read, so that it stands alone.
// A document without others stays as it was, byte for byte.
func (d *document) source(data []byte) ([]byte, error) {
	if len(d.files.trees) == 1 || d.root.get(bundled).isMap() {
		return data, nil
	}
	whole, held := map[string]any{}, map[string]any{}
	for name, v := range d.files.trees[""].(map[string]any) {
		whole[name] = v
	}
	for name, v := range d.files.trees {
		if name != "" {
			held[name] = v
		}
	}
	whole[bundled] = held
	return json.Marshal(whole)
}
