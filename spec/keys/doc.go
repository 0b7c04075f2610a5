// Package keys describes the YAML files that package strict reads: every key with
// its type, its default, what it means and an example. The reference that users
// read, and the JSON Schema by which editors complete a file, are both made of it.
//
// A map:
//
//   - key.go: the keys of a type, and the words that its declaration has for them;
//   - kind.go: what may stand in the place of a value;
//   - schema.go: the JSON Schema.
package keys
