package keys

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/dfcheck/dfcheck/spec/strict"
)

// Word is what the declaration of a section says of one of its keys.
type Word struct {
	About   string   // sentences
	Default string   // what holds without the key, in words or as a value; "" for nothing
	Example string   // a value as it is written in YAML
	OneOf   []string // the values that there are; nil for any
	Else    string   // what goes besides OneOf, in words; "" for nothing
}

// Words are those of the keys of a section, by their names.
type Words map[string]Word

// A Section is a struct that has words for its keys.
type Section interface{ Words() Words }

// Key is a key of a file.
type Key struct {
	Word
	Path  string   // client.id; groups[].name for a key of the elements of a list
	Was   string   // its old name, which is still read
	Type  string   // what is written there, in words
	Keys  []Key    // below it
	Like  []string // the paths of keys with the same keys below them, which came before
	Again bool     // it stands below a key that is like another one
}

// Of lists the keys of a section in the order of their declaration. It panics where
// the declaration lacks words for a key, or has some for a key that there is not.
func Of(section any) []Key {
	d := describer{seen: map[reflect.Type]string{}}
	return d.keys("", reflect.TypeOf(section), false)
}

type describer struct {
	seen map[reflect.Type]string // the paths of the sections that were listed
}

func (d *describer) keys(path string, typ reflect.Type, again bool) (out []Key) {
	words := wordsOf(typ)
	fields, _ := strict.Fields(typ)
	for _, f := range fields {
		k := Key{Word: words[f.Name], Path: strings.TrimPrefix(path+"."+f.Name, "."), Was: f.Was, Type: named(f.Type),
			Again: again}
		k.Example = cmp.Or(k.Example, formOf(f.Type))
		if len(k.OneOf) > 0 {
			k.Type = oneOf(k.Word)
		}
		for _, s := range sections(k.Path, f.Type) {
			first, listed := d.seen[s.typ]
			if listed {
				k.Like = append(k.Like, first)
			} else {
				d.seen[s.typ] = k.Path
			}
			k.Keys = append(k.Keys, d.keys(s.path, s.typ, again || listed)...)
		}
		out = append(out, k)
	}
	return out
}

// Written is the key with a value, as it stands in a file: client: {auth: post}.
func (k Key) Written(value string) string {
	names := strings.Split(k.Path, ".")
	for i := len(names) - 1; i > 0; i-- {
		value = "{" + names[i] + ": " + value + "}"
		if name, of := strings.CutSuffix(names[i-1], "[]"); of {
			names[i-1], value = name, "["+value+"]"
		}
	}
	return names[0] + ": " + value
}

// wordsOf are the words of a section, one for each of its keys.
func wordsOf(typ reflect.Type) Words {
	s, ok := reflect.Zero(typ).Interface().(Section)
	if !ok {
		panic(typ.String() + " has no words for its keys")
	}
	words := s.Words()
	fields, _ := strict.Fields(typ)
	for _, f := range fields {
		if words[f.Name].About == "" {
			panic(fmt.Sprintf("%s has no words for its key %q", typ, f.Name))
		}
	}
	if len(words) != len(fields) {
		panic(fmt.Sprintf("%s has words for %d keys, and %d keys", typ, len(words), len(fields)))
	}
	return words
}

// formOf is how a value of a type is written, "" where the type does not say.
func formOf(typ reflect.Type) string {
	for typ.Kind() == reflect.Pointer {
		typ = typ.Elem()
	}
	if f, ok := reflect.Zero(typ).Interface().(strict.Formed); ok {
		return f.Form()
	}
	return ""
}

// oneOf lists the values of a key: a, b or c.
func oneOf(w Word) string {
	values := slices.Clone(w.OneOf)
	if w.Else != "" {
		values = append(values, w.Else)
	}
	last := len(values) - 1
	if last == 0 {
		return values[0]
	}
	return strings.Join(values[:last], ", ") + " or " + values[last]
}

// Flat lists keys with all that stand below them, each before those below it.
func Flat(keys []Key) (out []Key) {
	for _, k := range keys {
		out = append(out, k)
		out = append(out, Flat(k.Keys)...)
	}
	return out
}

// Find returns the key at a path. Its error names the nearest one.
func Find(keys []Key, path string) (Key, error) {
	var known []string
	for _, k := range Flat(keys) {
		if k.Path == path {
			return k, nil
		}
		known = append(known, k.Path)
	}
	return Key{}, fmt.Errorf("unknown key %q; the nearest is %q", path, strict.Nearest(path, known))
}
