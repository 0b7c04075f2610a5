// Package strict reads YAML files a person wrote: an unknown or repeated key
// is an error that names the file, the line, the key and the nearest known
// one, and all problems are reported at once.
//
// A map:
//
//   - strict.go, fields.go: decoding, and which keys a type has;
//   - expand.go: values from the environment;
//   - misfit.go, json.go: errors of the decoders in words of the file;
//   - nearest.go: the known word that was meant.
package strict
