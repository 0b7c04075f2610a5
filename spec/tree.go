package spec

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"
)

// parseTree reads YAML or JSON into plain values: map[string]any, []any, string,
// json.Number, bool and nil. Keys are text, so that 200 and "200" are one status,
// and a date is the text that stands there. Of a key that is there twice the last
// one counts; in YAML it is joined with the first where both have members.
func parseTree(data []byte) (any, error) {
	data = bytes.TrimPrefix(data, byteOrderMark)
	if text := bytes.TrimLeft(data, " \t\r\n"); len(text) > 0 && text[0] == '{' {
		d := json.NewDecoder(bytes.NewReader(text))
		d.UseNumber()
		var v any
		if d.Decode(&v) == nil {
			if _, err := d.Token(); err == io.EOF {
				return v, nil
			}
		}
	}
	loader, err := yaml.NewLoader(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	var n yaml.Node
	if err := loader.Load(&n); err != nil {
		if err == io.EOF {
			return nil, errors.New("it is empty")
		}
		return nil, firstLine(err)
	}
	r := treeReader{left: maxNodes, open: map[*yaml.Node]bool{}}
	v := r.value(&n)
	if r.left < 0 {
		return nil, fmt.Errorf("its aliases make it larger than %d values", maxNodes)
	}
	return v, nil
}

// firstLine cuts what a parser says to one line: it may quote the document.
func firstLine(err error) error {
	if e, ok := errors.AsType[*yaml.LoadError](err); ok { // which names itself and its scanner otherwise
		err = fmt.Errorf("line %d, column %d: %s", e.Mark.Line, e.Mark.Column, e.Message)
	}
	line, _, _ := strings.Cut(strings.TrimSpace(err.Error()), "\n")
	return errors.New(shorten(line, 200))
}

// shorten cuts a text to at most n bytes.
func shorten(text string, n int) string {
	if len(text) <= n {
		return text
	}
	return strings.ToValidUTF8(text[:n], "") + "..."
}

// maxNodes is how many values a document may have once its aliases are written out.
const maxNodes = 4 << 20

// treeReader makes plain values of YAML nodes.
type treeReader struct {
	left int
	open map[*yaml.Node]bool // aliases that are being written out
}

func (r *treeReader) value(n *yaml.Node) any {
	if r.left--; r.left < 0 {
		return nil
	}
	switch n.Kind {
	case yaml.DocumentNode:
		if len(n.Content) > 0 {
			return r.value(n.Content[0])
		}
	case yaml.AliasNode:
		if n.Alias == nil || r.open[n.Alias] {
			return nil
		}
		r.open[n.Alias] = true
		defer delete(r.open, n.Alias)
		return r.value(n.Alias)
	case yaml.MappingNode:
		return r.mapping(n)
	case yaml.SequenceNode:
		list := make([]any, len(n.Content))
		for i, e := range n.Content {
			list[i] = r.value(e)
		}
		return list
	case yaml.ScalarNode:
		return scalar(n)
	}
	return nil
}

func (r *treeReader) mapping(n *yaml.Node) any {
	m := map[string]any{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], r.value(n.Content[i+1])
		switch {
		case key.Kind == yaml.ScalarNode && key.ShortTag() == "!!merge":
			merge(m, value)
		case key.Kind == yaml.ScalarNode:
			if again, ok := value.(map[string]any); ok { // the path of two operations
				merge(again, m[key.Value])
			}
			m[key.Value] = value
		}
	}
	return m
}

// merge adds what a YAML merge key brings; what is there already stays.
func merge(m map[string]any, value any) {
	switch v := value.(type) {
	case map[string]any:
		for key, e := range v {
			if _, there := m[key]; !there {
				m[key] = e
			}
		}
	case []any:
		for _, e := range v {
			if _, list := e.([]any); !list {
				merge(m, e)
			}
		}
	}
}

func scalar(n *yaml.Node) any {
	switch n.ShortTag() {
	case "!!null":
		return nil
	case "!!bool":
		return !strings.ContainsAny(n.Value[:min(1, len(n.Value))], "fFnN") && !strings.EqualFold(n.Value, "off")
	case "!!int", "!!float":
		return yamlNumber(n.Value)
	}
	return n.Value
}

// yamlNumber is a number as JSON writes it, or the text of one that JSON lacks.
func yamlNumber(text string) any {
	if json.Valid([]byte(text)) {
		return json.Number(text)
	}
	if i, err := strconv.ParseInt(text, 0, 64); err == nil {
		return json.Number(strconv.FormatInt(i, 10))
	}
	if f, err := strconv.ParseFloat(text, 64); err == nil && !math.IsNaN(f) && !math.IsInf(f, 0) {
		return json.Number(strconv.FormatFloat(f, 'g', -1, 64))
	}
	return text
}
