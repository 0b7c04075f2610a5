package spec

import (
	"errors"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
)

// pattern is a schema's regular expression. Documents may use the ECMA 262
// dialect, of which Go lacks lookahead and back references; such a pattern
// matches everything, because a contract is not wrong for it.
type pattern struct {
	*regexp.Regexp
	text string
}

func compilePattern(text string) pattern {
	re, _ := regexp.Compile(text)
	return pattern{re, text}
}

func (p pattern) String() string               { return p.text }
func (p pattern) MatchString(text string) bool { return p.Regexp == nil || p.Regexp.MatchString(text) }

// schema31 is a schema of OpenAPI 3.1 and later, which is JSON Schema 2020-12.
type schema31 struct{ *jsonschema.Schema }

func (s schema31) deviations(value any) []Deviation {
	e, ok := errors.AsType[*jsonschema.ValidationError](s.Validate(value))
	if !ok {
		return nil
	}
	return leaves(nil, e)
}

func leaves(found []Deviation, e *jsonschema.ValidationError) []Deviation {
	if len(found) >= maxDeviations {
		return found
	}
	if len(e.Causes) > 0 {
		for _, cause := range e.Causes {
			found = leaves(found, cause)
		}
		return found
	}
	keyword := path.Base(e.SchemaURL) // a boolean schema has no keyword of its own
	if _, ok := e.ErrorKind.(*kind.FalseSchema); ok && path.Base(path.Dir(e.SchemaURL)) == "properties" {
		keyword = "writeOnly" // which is translated so
	} else if own := e.ErrorKind.KeywordPath(); len(own) > 0 {
		keyword = own[0]
	}
	names, limit, got := asked(e.ErrorKind)
	if names == nil {
		return append(found, deviation(e.InstanceLocation, keyword, limit, got))
	}
	for _, name := range names[:min(len(names), maxDeviations)] {
		found = append(found, deviation(append(slices.Clone(e.InstanceLocation), name), keyword, limit, ""))
	}
	return found
}

// asked is what an error of JSON Schema says of its keyword: the members that it
// is about, or nil for the value itself, the limit, and the type that came.
func asked(k jsonschema.ErrorKind) (names []string, limit any, got string) {
	switch k := k.(type) {
	case *kind.Required:
		names = k.Missing
	case *kind.DependentRequired:
		names, limit = k.Missing, k.Prop
	case *kind.AdditionalProperties:
		names = k.Properties
	case *kind.Type:
		limit, got = strings.Join(k.Want, " or "), k.Got
	case *kind.Pattern:
		limit = k.Want
	case *kind.Format:
		limit = k.Want
	case *kind.Enum:
		limit = k.Want
	case *kind.Const:
		limit = []any{k.Want}
	case *kind.MinLength:
		limit = k.Want
	case *kind.MaxLength:
		limit = k.Want
	case *kind.Minimum:
		limit = k.Want.RatString()
	case *kind.Maximum:
		limit = k.Want.RatString()
	case *kind.ExclusiveMinimum:
		limit = k.Want.RatString()
	case *kind.ExclusiveMaximum:
		limit = k.Want.RatString()
	}
	return names, limit, got
}

// deviation says what a keyword asks, with the limit that the schema sets.
func deviation(location []string, keyword string, limit any, got string) Deviation {
	d := Deviation{Pointer: pointer(location), Keyword: keyword}
	switch keyword {
	case "required":
		d.Want, d.Got = "to be there", "no such member"
	case "dependentRequired":
		d.Want, d.Got = fmt.Sprintf("to be there beside %v", limit), "no such member"
	case "additionalProperties", "unevaluatedProperties":
		d.Want, d.Got = "to be left out, since the document lists all members ("+keyword+")", "a member"
	case "writeOnly":
		d.Want, d.Got = "to be left out of answers (writeOnly)", "a member"
	case "type":
		d.Want, d.Got = fmt.Sprintf("to be of type %v", limit), article(got)
	default:
		d.Want = demand(keyword, limit)
	}
	d.Want = strings.ToValidUTF8(d.Want[:min(len(d.Want), maxDemand)], "")
	return d
}

// demands say what keywords ask of a value, with their limit in it.
var demands = map[string]string{
	"pattern": "to match the pattern %v", "format": "to have the format %v",
	"minLength": "to have at least %v characters", "maxLength": "to have at most %v characters",
	"minimum": "to be at least %v", "exclusiveMinimum": "to be more than %v",
	"maximum": "to be at most %v", "exclusiveMaximum": "to be less than %v",
}

func demand(keyword string, limit any) string {
	text, known := demands[keyword]
	values, listed := limit.([]any)
	switch {
	case known && limit != nil:
		return fmt.Sprintf(text, limit)
	case listed:
		return "to be " + oneOf(values)
	}
	return "to satisfy " + keyword + " of the schema"
}

func oneOf(values []any) string {
	texts := make([]string, len(values))
	for i, v := range values {
		texts[i] = fmt.Sprint(v)
	}
	if len(texts) > 1 {
		return "one of " + strings.Join(texts, ", ")
	}
	return strings.Join(texts, "")
}

// article is the name of a type in a sentence.
func article(name string) string {
	switch name {
	case "":
		return ""
	case "null":
		return name
	case "array", "object", "integer":
		return "an " + name
	}
	return "a " + name
}

// TypeName names the JSON type of a decoded value.
func TypeName(v any) string {
	switch v.(type) {
	case nil:
		return "null"
	case string:
		return "string"
	case bool:
		return "boolean"
	case []any:
		return "array"
	case map[string]any:
		return "object"
	}
	return "number" // json.Number, or what a library made of it
}
