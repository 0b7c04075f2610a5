package kubernetes

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"path"
	"regexp"
	"strings"
	"text/template"

	"go.yaml.in/yaml/v4"
)

//go:embed templates/*.yaml
var templateFiles embed.FS

var templates = template.Must(template.New("").Funcs(template.FuncMap{
	"quote": quote, "argument": argument, "data": data, "items": items,
}).ParseFS(templateFiles, "templates/*.yaml"))

// Manifest is the ConfigMap of the settings, the volume claim unless there is one,
// and the Job, as YAML. Its error is that of Check.
func (j *Job) Manifest() ([]byte, error) {
	if err := j.Check(); err != nil {
		return nil, err
	}
	names := []string{"settings.yaml", "claim.yaml", "job.yaml"}
	if j.Claim != "" {
		names = []string{"settings.yaml", "job.yaml"}
	}
	var documents [][]byte
	for _, name := range names {
		documents = append(documents, j.object(name))
	}
	return bytes.Join(documents, []byte("---\n")), nil
}

// FilesPod is the pod that hands out the files of the shards when they have ended,
// as YAML.
func (j *Job) FilesPod() []byte { return j.object("files.yaml") }

// object is one of the templates with the values of a job.
func (j *Job) object(name string) []byte {
	var out bytes.Buffer
	if err := templates.ExecuteTemplate(&out, name, j); err != nil {
		panic(err) // a template names a field that is not there; the tests execute them all
	}
	return out.Bytes()
}

// quote writes a text as JSON does, which YAML reads.
func quote(text string) (string, error) {
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	err := e.Encode(text)
	return strings.TrimSpace(out.String()), err
}

// argument is a text that reaches dfcheck as it is: Kubernetes would replace $(NAME)
// by a variable, and takes $$ for a dollar sign.
func argument(text string) (string, error) { return quote(strings.ReplaceAll(text, "$(", "$$(")) }

// key of a file in a ConfigMap, which takes neither slashes nor spaces.
func (f File) key(n int) string {
	return fmt.Sprintf("%d-%s", n, notInKeys.ReplaceAllString(path.Base(f.Name), "-"))
}

var notInKeys = regexp.MustCompile(`[^-._a-zA-Z0-9]`)

// data are the files as a ConfigMap holds them.
func data(files []File) (string, error) {
	if len(files) == 0 {
		return " {}", nil
	}
	all := map[string]string{}
	for n, f := range files {
		all[f.key(n)] = f.Text
	}
	text, err := yaml.Marshal(all)
	return "\n  " + strings.ReplaceAll(strings.TrimSuffix(string(text), "\n"), "\n", "\n  "), err
}

// items say which key becomes which file. Without files, the keys are the names:
// that is the base, whose overlays bring a ConfigMap.
func items(files []File) (string, error) {
	if len(files) == 0 {
		return "", nil
	}
	var all []string
	for n, f := range files {
		name, err := quote(f.Name)
		if err != nil {
			return "", err
		}
		all = append(all, fmt.Sprintf("{key: %s, path: %s}", f.key(n), name))
	}
	return ", items: [" + strings.Join(all, ", ") + "]", nil
}
