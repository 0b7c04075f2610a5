package main

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dfcheck/dfcheck/load/kubernetes"
)

// TestManifestsAreKubernetes decodes the manifests, and what kustomize makes of the
// overlay, strictly into the types that Kubernetes publishes, and holds their pods
// to the Pod Security Standard "restricted".
func TestManifestsAreKubernetes(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	strictly := filepath.Join(dir, "strictly")
	build := exec.Command("go", "build", "-o", strictly, ".")
	build.Dir = "../../testdata/kubernetes"
	fetch(t, "the API types of Kubernetes", build.CombinedOutput)

	config := filepath.Join(dir, "manifest.yaml")
	text := printedManifest(t, "--secret=idp", "--keep-going", "--storage-class=nfs")
	write(t, config, text)
	pod := filepath.Join(dir, "files.yaml")
	write(t, pod, string((&kubernetes.Job{Name: "x", Image: "dfcheck:1"}).FilesPod()))
	claimed := filepath.Join(dir, "claimed.yaml")
	write(t, claimed, printedManifest(t, "--claim=shared"))
	out, err := exec.Command(strictly, config, claimed, pod, "../../load/kubernetes/base/job.yaml",
		"../../load/kubernetes/overlay").Output()
	if exit, ok := err.(*exec.ExitError); ok {
		t.Fatalf("%s", exit.Stderr)
	}
	if err != nil {
		t.Fatal(err)
	}
	jobs := 0
	for line := range bytes.Lines(out) {
		jobs += held(t, line)
	}
	if jobs != 4 {
		t.Errorf("%d Jobs were looked at, want 4", jobs)
	}
	for what, spoilt := range map[string]string{
		"an unknown field":  strings.Replace(text, "completionMode:", "completionmode:", 1),
		"a repeated field":  strings.Replace(text, "  completions:", "  parallelism: 1\n  completions:", 1),
		"a wrong type":      strings.Replace(text, "completionMode: Indexed", "completionMode: 3", 1),
		"root":              strings.Replace(text, "runAsNonRoot: true", "runAsNonRoot: false", 1),
		"all privileges":    strings.Replace(text, "drop: [ALL]", "drop: []", 1),
		"no limit of calls": strings.Replace(text, "seccompProfile: {type: RuntimeDefault}", "fsGroup: 1", 1),
	} {
		write(t, config, spoilt)
		if spoilt == text || exec.Command(strictly, config).Run() == nil {
			t.Errorf("%s is not noticed", what)
		}
	}
}

// printedManifest is what "load manifest" prints.
func printedManifest(t *testing.T, more ...string) string {
	t.Helper()
	args := append([]string{"load", "manifest", "--shards=3", "--image=dfcheck:1", "--host=https://load.example.com",
		"--allow-host=load.example.com"}, more...)
	var out, said bytes.Buffer
	if code := execute(t.Context(), args, terminal{in: strings.NewReader(""), out: &out, err: &said}); code != 0 {
		t.Fatalf("exit code %d\n%s", code, said.String())
	}
	return out.String()
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
}

// held is 1 for a Job, whose shards must be as many as it tells them.
func held(t *testing.T, line []byte) int {
	t.Helper()
	var job struct {
		Kind string
		Spec struct {
			Completions, Parallelism int
			Template                 struct {
				Spec struct {
					AutomountServiceAccountToken *bool
					Containers                   []struct {
						Env []struct{ Name, Value string }
					}
				}
			}
		}
	}
	if err := json.Unmarshal(line, &job); err != nil {
		t.Fatal(err)
	}
	if job.Kind != "Job" {
		return 0
	}
	pod := job.Spec.Template.Spec
	if pod.AutomountServiceAccountToken == nil || *pod.AutomountServiceAccountToken {
		t.Error("the pods have a token")
	}
	told, _ := json.Marshal(job.Spec.Completions)
	if shards := pod.Containers[0].Env[0]; job.Spec.Completions != job.Spec.Parallelism || shards.Value != string(told) {
		t.Errorf("%d completions, %d at a time, told %+v", job.Spec.Completions, job.Spec.Parallelism, shards)
	}
	return 1
}
