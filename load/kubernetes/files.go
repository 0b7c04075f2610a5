package kubernetes

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"unicode/utf8"
)

// Gather reads the files that a run names and its pods must find: each once, under
// the name by which flags, profile and configuration call it. They lie in the
// folder in which dfcheck runs, or below it.
func (j *Job) Gather(names ...string) error {
	for _, name := range names {
		inside := filepath.Clean(name)
		if name == "" || slices.ContainsFunc(j.Files, func(f File) bool { return f.Name == filepath.ToSlash(inside) }) {
			continue
		}
		if !filepath.IsLocal(inside) {
			return fmt.Errorf("%s lies outside of this folder, and the pods could not find it by that name; "+
				"copy it here and name it without a folder", name)
		}
		text, err := os.ReadFile(inside)
		if err != nil {
			return err
		}
		if !utf8.Valid(text) {
			return fmt.Errorf("%s is not text", name)
		}
		if bytes.Contains(text, []byte("PRIVATE KEY-----")) {
			return fmt.Errorf("%s holds a private key, which has no place in a ConfigMap", name)
		}
		j.Files = append(j.Files, File{filepath.ToSlash(inside), string(text)})
	}
	return nil
}
