package spec

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/url"
	"path"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// node is a place in a document. Documents are sloppy: whatever stands where
// something else belongs reads as absent, and nothing here fails.
type node struct {
	value any
	file  string // the file it stands in, relative to the document; "" is the document itself
	files *files
}

// Bounds of following references.
const (
	maxFollow = 32  // references to references
	maxFiles  = 100 // beside the document
)

// own is a member of the value itself, references not followed.
func (n node) own(name string) (node, bool) {
	m, _ := n.value.(map[string]any)
	v, ok := m[name]
	return node{v, n.file, n.files}, ok
}

// get is a member of the value, or of what it refers to.
func (n node) get(name string) node {
	for range maxFollow {
		if v, ok := n.own(name); ok {
			return v
		}
		next, ok := n.follow()
		if !ok {
			break
		}
		n = next
	}
	return node{files: n.files}
}

// follow is what a reference refers to.
func (n node) follow() (node, bool) {
	ref, ok := n.own("$ref")
	text, isText := ref.value.(string)
	if !ok || !isText || n.files == nil {
		return node{}, false
	}
	return n.files.resolve(n.file, text)
}

// target is the value itself, or what it refers to.
func (n node) target() node {
	for range maxFollow {
		next, ok := n.follow()
		if !ok {
			break
		}
		n = next
	}
	return n
}

// all is what stands in a map: of the value itself and of what it refers to.
func (n node) all() map[string]node {
	out := map[string]node{}
	for range maxFollow {
		m, _ := n.value.(map[string]any)
		for name, v := range m {
			if _, there := out[name]; !there && name != "$ref" {
				out[name] = node{v, n.file, n.files}
			}
		}
		next, ok := n.follow()
		if !ok {
			break
		}
		n = next
	}
	return out
}

func (n node) names() []string { return slices.Sorted(maps.Keys(n.all())) }

func (n node) list() []node {
	l, _ := n.target().value.([]any)
	out := make([]node, len(l))
	for i, v := range l {
		out[i] = node{v, n.target().file, n.files}
	}
	return out
}

// text is a scalar as text, "" for anything else.
func (n node) text() string {
	switch v := n.value.(type) {
	case string:
		return v
	case json.Number:
		return v.String()
	case bool:
		return strconv.FormatBool(v)
	}
	return ""
}

// texts are the scalars of a list.
func (n node) texts() []string {
	var out []string
	for _, e := range n.list() {
		if s := e.text(); s != "" {
			out = append(out, s)
		}
	}
	return out
}

func (n node) isMap() bool {
	_, ok := n.value.(map[string]any)
	return ok
}

// identity tells one map from another, 0 for what is no map.
func (n node) identity() uintptr {
	if m, ok := n.value.(map[string]any); ok {
		return reflect.ValueOf(m).Pointer()
	}
	return 0
}

// reader reads a file by its path relative to the document.
type reader func(name string) ([]byte, error)

// files are the document and the files beside it that it refers to.
type files struct {
	trees map[string]any
	read  reader // nil when the document must stand alone
	left  int    // bytes that may still be read

	unresolved map[string]string // why, by reference
	depth      int
}

// resolve is what a reference in a file refers to. Nothing is fetched from the network.
func (f *files) resolve(from, ref string) (node, bool) {
	if f.depth > maxFollow {
		return node{}, false
	}
	f.depth++
	defer func() { f.depth-- }()
	name, fragment, _ := strings.Cut(ref, "#")
	n := node{nil, from, f}
	if name != "" {
		plain, err := url.PathUnescape(name)
		if err == nil {
			err = networkRef(plain)
		}
		if err == nil {
			n.file = path.Join(path.Dir(from), plain)
			err = f.load(n.file)
		}
		if err != nil {
			f.unresolved[ref] = err.Error()
			return node{}, false
		}
	}
	n.value = f.trees[n.file]
	n, ok := n.at(fragment)
	if !ok {
		f.unresolved[ref] = "there is nothing at that place"
	}
	return n, ok
}

// at is the place that a JSON Pointer names (RFC 6901).
func (n node) at(pointer string) (node, bool) {
	pointer, err := url.PathUnescape(pointer)
	if err != nil || pointer != "" && pointer[0] != '/' {
		return node{}, false
	}
	for _, name := range strings.Split(pointer, "/")[1:] {
		n = n.step(unescapeName.Replace(name))
	}
	return n, n.value != nil
}

func (n node) step(name string) node {
	if l, ok := n.target().value.([]any); ok {
		i, err := strconv.Atoi(name)
		if err != nil || i < 0 || i >= len(l) {
			return node{files: n.files}
		}
		return node{l[i], n.target().file, n.files}
	}
	return n.get(name)
}

func networkRef(name string) error {
	switch {
	case strings.Contains(name, "://") || strings.HasPrefix(name, "//"):
		return errors.New("it is on the network, from which nothing is read")
	case strings.HasPrefix(name, "/") || strings.Contains(name, `\`) || strings.Contains(name, ":"):
		return errors.New("only files that are named relative to the document are read")
	}
	return nil
}

// load reads a file beside the document once.
func (f *files) load(name string) error {
	if _, there := f.trees[name]; there {
		return nil
	}
	if f.read == nil {
		return errors.New("it is in another file, and this document was not read from one")
	}
	if len(f.trees) > maxFiles {
		return fmt.Errorf("the document consists of more than %d files", maxFiles)
	}
	if !slices.Contains([]string{".yaml", ".yml", ".json"}, strings.ToLower(path.Ext(name))) {
		return errors.New("it is not in a file for YAML or JSON (.yaml, .yml, .json)")
	}
	data, err := f.read(name)
	if errors.Is(err, fs.ErrNotExist) {
		return errors.New("there is no such file")
	}
	if err != nil {
		return err
	}
	if f.left -= len(data); f.left < 0 {
		return fmt.Errorf("the document and its files are larger than %d bytes", maxDocument)
	}
	tree, err := parseTree(data)
	if err == nil {
		if _, ok := tree.(map[string]any); !ok {
			err = errors.New("it holds no members")
		}
	}
	if err != nil {
		return fmt.Errorf("the file is not readable: %w", err)
	}
	f.trees[name] = tree
	return nil
}
