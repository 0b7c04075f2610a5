package kubernetes

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v4"
)

var update = flag.Bool("update", false, "write the base for kustomize")

// example is a run with everything that a manifest can hold.
func example() *Job {
	return &Job{Name: "peak", Image: "registry.example.com/dfcheck@sha256:0123", Shards: 8,
		Args:      []string{"--profile", "profiles/peak.yaml", "--client-id", `a"b $(SHARDS)`},
		Files:     []File{{"dfcheck.yaml", "host: https://load.example.com\n"}, {"profiles/peak hours.yaml", "devices: 8\n"}},
		Variables: []string{"DF_SECRET"}, Secret: "dfcheck-secrets", CPU: "2", Memory: "512Mi",
		Duration: 10 * time.Minute, Timeout: 10 * time.Second, StartTimeout: 10 * time.Minute, Flush: 2 * time.Second,
		AccessMode: "ReadWriteMany", StorageClass: "nfs"}
}

// base is the job that load/kubernetes/base holds: its overlays set image, shards,
// settings and size.
func base() *Job {
	return &Job{Name: "dfcheck", Image: "dfcheck", Shards: 2,
		Args: []string{"--config", "dfcheck.yaml", "--profile", "./profile.yaml"},
		CPU:  "1", Memory: "512Mi", Duration: 10 * time.Minute, Timeout: 10 * time.Second, StartTimeout: 10 * time.Minute,
		Flush: 10 * time.Second, AccessMode: "ReadWriteMany"}
}

// TestBase: the base for kustomize is what the templates say.
func TestBase(t *testing.T) {
	for _, name := range []string{"claim.yaml", "job.yaml"} {
		file, want := "base/"+name, base().object(name)
		if *update {
			if err := os.WriteFile(file, want, 0o666); err != nil {
				t.Fatal(err)
			}
		}
		got, err := os.ReadFile(file)
		if diff := cmp.Diff(string(want), string(got)); err != nil || diff != "" {
			t.Errorf("%s, %v: -update writes it\n%s", file, err, diff)
		}
	}
}

// documents are the objects of a manifest by their kinds.
func documents(t *testing.T, manifest []byte) map[string]map[string]any {
	t.Helper()
	out := map[string]map[string]any{}
	d := yaml.NewDecoder(bytes.NewReader(manifest))
	for {
		var doc map[string]any
		err := d.Decode(&doc)
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatalf("%v in\n%s", err, manifest)
		}
		out[fmt.Sprint(doc["kind"])] = doc
	}
}

// at is a value in a document: spec.template.spec.containers.0.args.
func at(t *testing.T, doc any, path string) any {
	t.Helper()
	for key := range strings.SplitSeq(path, ".") {
		switch v := doc.(type) {
		case map[string]any:
			doc = v[key]
		case []any:
			var n int
			if _, err := fmt.Sscan(key, &n); err != nil || n >= len(v) {
				t.Fatalf("there is no %s in %s", key, path)
			}
			doc = v[n]
		default:
			t.Fatalf("there is no %s in %s", key, path)
		}
	}
	return doc
}

func TestManifest(t *testing.T) {
	j := example()
	manifest, err := j.Manifest()
	if err != nil {
		t.Fatal(err)
	}
	docs := documents(t, manifest)
	job := docs["Job"]
	for path, want := range map[string]any{
		"metadata.name":                                                     "peak",
		"spec.completionMode":                                               "Indexed",
		"spec.completions":                                                  8,
		"spec.parallelism":                                                  8,
		"spec.backoffLimitPerIndex":                                         0,
		"spec.maxFailedIndexes":                                             0,
		"spec.activeDeadlineSeconds":                                        600 + 600 + 30 + 120, // start, run, grace, spare
		"spec.template.spec.automountServiceAccountToken":                   false,
		"spec.template.spec.terminationGracePeriodSeconds":                  30,
		"spec.template.spec.containers.0.image":                             "registry.example.com/dfcheck@sha256:0123",
		"spec.template.spec.containers.0.args.14":                           `a"b $$(SHARDS)`,
		"spec.template.spec.containers.0.env.0.value":                       "8",
		"spec.template.spec.containers.0.env.2.valueFrom.secretKeyRef.key":  "DF_SECRET",
		"spec.template.spec.containers.0.env.2.valueFrom.secretKeyRef.name": "dfcheck-secrets",
		"spec.template.spec.containers.0.resources.requests":                map[string]any{"cpu": 2, "memory": "512Mi"},
		"spec.template.spec.containers.0.resources.limits":                  map[string]any{"cpu": 2, "memory": "512Mi"},
		"spec.template.spec.volumes.0.configMap.items.1.key":                "1-peak-hours.yaml",
		"spec.template.spec.volumes.0.configMap.items.1.path":               "profiles/peak hours.yaml",
		"spec.template.spec.volumes.1.configMap.name":                       "peak-start",
		"spec.template.spec.volumes.1.configMap.optional":                   true,
		"spec.template.spec.volumes.2.persistentVolumeClaim.claimName":      "peak-results",
	} {
		if diff := cmp.Diff(want, at(t, job, path)); diff != "" {
			t.Errorf("%s: %s", path, diff)
		}
	}
	files := map[string]any{"0-dfcheck.yaml": j.Files[0].Text, "1-peak-hours.yaml": j.Files[1].Text}
	if diff := cmp.Diff(files, docs["ConfigMap"]["data"]); diff != "" {
		t.Error(diff)
	}
	if class := at(t, docs["PersistentVolumeClaim"], "spec.storageClassName"); class != "nfs" {
		t.Errorf("storage class %v", class)
	}
	j.Claim = "shared"
	if manifest, err = j.Manifest(); err != nil {
		t.Fatal(err)
	}
	docs = documents(t, manifest)
	claim := at(t, docs["Job"], "spec.template.spec.volumes.2.persistentVolumeClaim.claimName")
	if claim != "shared" || docs["PersistentVolumeClaim"] != nil {
		t.Errorf("with a claim that is there: %v, and %v is made", claim, docs["PersistentVolumeClaim"])
	}
}

// TestFailurePolicy: what each exit code of a shard does to the run. The Job reads
// its rules in order, and takes the first that fits.
func TestFailurePolicy(t *testing.T) {
	manifest, err := example().Manifest()
	if err != nil {
		t.Fatal(err)
	}
	rules := at(t, documents(t, manifest)["Job"], "spec.podFailurePolicy.rules").([]any)
	for code, want := range map[int]string{2: "FailJob", 3: "FailJob", 10: "Ignore",
		75: "FailIndex", 130: "FailIndex", 137: "FailIndex", 1: "FailIndex"} {
		got := "none"
		for _, r := range rules {
			on, ok := r.(map[string]any)["onExitCodes"].(map[string]any)
			if ok && slices.Contains(on["values"].([]any), any(code)) == (on["operator"] == "In") {
				got = r.(map[string]any)["action"].(string)
				break
			}
		}
		if got != want {
			t.Errorf("exit code %d: %s, want %s", code, got, want)
		}
	}
}

// TestFilesAreKept: whatever is in a file is what a pod reads.
func TestFilesAreKept(t *testing.T) {
	for _, text := range []string{"", "\n", "a", "a\n", "  indented\n\n\nafter\n\n", "\ttab: x\n", "key: |\n  text\n",
		"---\nkind: Secret\n", "{{.Name}}", "trailing \n", "\r\n", "é\u2028\u0085\n", "# comment", "- [",
		"\n\n  first lines are empty", "true", "0123", strings.Repeat("long ", 500) + "\n x"} {
		j := example()
		j.Files = []File{{"profile.yaml", text}}
		manifest, err := j.Manifest()
		if err != nil {
			t.Fatal(err)
		}
		if got := documents(t, manifest)["ConfigMap"]["data"].(map[string]any)["0-profile.yaml"]; got != text {
			t.Errorf("%q became %q in\n%s", text, got, manifest)
		}
	}
}

func TestCheck(t *testing.T) {
	for _, test := range []struct {
		spoil func(*Job)
		want  string
	}{
		{func(j *Job) { j.Name = "Peak" }, "not one for Kubernetes"},
		{func(j *Job) { j.Name = "x\nkind: Secret" }, "not one for Kubernetes"},
		{func(j *Job) { j.Name = strings.Repeat("x", maxName+1) }, "not one for Kubernetes"},
		{func(j *Job) { j.Image = "" }, "not the name of an image"},
		{func(j *Job) { j.Image = "--x" }, "not the name of an image"},
		{func(j *Job) { j.Shards = 0 }, "1 to 1000 are possible"},
		{func(j *Job) { j.Shards = 1001 }, "1 to 1000 are possible"},
		{func(j *Job) { j.CPU = "two" }, "amount of processors"},
		{func(j *Job) { j.Memory = "512" }, "amount of memory"},
		{func(j *Job) { j.Secret = "A B" }, "name of a Secret"},
		{func(j *Job) { j.Claim = "../x" }, "name of a volume claim"},
		{func(j *Job) { j.StorageClass = "a b" }, "name of a storage class"},
		{func(j *Job) { j.AccessMode = "ReadOnly" }, "not an access mode"},
		{func(j *Job) { j.Files[0].Text = strings.Repeat("x", maxFiles) }, "a ConfigMap holds"},
	} {
		j := example()
		test.spoil(j)
		if _, err := j.Manifest(); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%v, want %q", err, test.want)
		}
	}
}

func TestGather(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.Mkdir("profiles", 0o777); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"profiles/peak.yaml": "devices: 3\n", "binary": "\xff"} {
		if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	j := &Job{}
	if err := j.Gather("", "./profiles/peak.yaml", "profiles/peak.yaml"); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]File{{"profiles/peak.yaml", "devices: 3\n"}}, j.Files); diff != "" {
		t.Error(diff)
	}
	for name, want := range map[string]string{"../x": "outside of this folder", "/etc/hosts": "outside of this folder",
		"absent": "no such file", "binary": "is not text"} {
		if err := j.Gather(name); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", name, err, want)
		}
	}
}

// TestContainerfile: the image has the program where the manifest calls it, and the
// user as whom the pods run.
func TestContainerfile(t *testing.T) {
	text, err := os.ReadFile("../../cmd/dfcheck/Containerfile")
	if err != nil {
		t.Fatal(err)
	}
	job := documents(t, example().object("job.yaml"))["Job"]
	program := at(t, job, "spec.template.spec.containers.0.command.0").(string)
	user := fmt.Sprint(at(t, job, "spec.template.spec.securityContext.runAsUser"))
	for _, line := range []string{`FROM scratch`, `COPY .*dfcheck ` + program, `USER ` + user + `:` + user,
		`ENTRYPOINT \["` + program + `"\]`} {
		if !regexp.MustCompile(`(?m)^` + line + `$`).Match(text) {
			t.Errorf("the Containerfile has no line %s", line)
		}
	}
}
