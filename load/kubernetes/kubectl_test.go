package kubernetes

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v4"
)

// TestMain is kubectl where a test says so.
func TestMain(m *testing.M) {
	if folder := os.Getenv("FAKE_KUBECTL"); folder != "" {
		os.Exit(kubectl(folder, os.Args[1:]))
	}
	os.Exit(m.Run())
}

// kubectl notes its calls in a folder, and answers with the files there.
func kubectl(folder string, args []string) int {
	note, err := os.OpenFile(filepath.Join(folder, "calls"), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o666)
	if err != nil {
		return 9
	}
	fmt.Fprintln(note, strings.Join(args, " "))
	note.Close()
	answer := func(name string) []byte {
		text, _ := os.ReadFile(filepath.Join(folder, name))
		return text
	}
	verb := args[2] // after --context x
	if refusal := answer("refuse-" + verb); len(refusal) > 0 {
		os.Stderr.Write(refusal)
		return 1
	}
	for _, name := range []string{"pods", "job"} { // what the cluster does upon a call
		if more := answer(name + "-after-" + verb); len(more) > 0 {
			extend(filepath.Join(folder, name), string(more))
		}
	}
	switch verb {
	case "create":
		input, _ := io.ReadAll(os.Stdin)
		os.WriteFile(filepath.Join(folder, "created"), input, 0o666)
		os.Stdout.Write(answer("create"))
	case "logs":
		os.Stdout.Write(answer("logs"))
	case "exec":
		var all bytes.Buffer
		Pack(&all, filepath.Join(folder, "results"))
		half := filepath.Join(folder, "half")
		if os.Remove(half) == nil { // once
			all.Truncate(all.Len() / 2)
		}
		os.Stdout.Write(all.Bytes())
	case "get":
		tail(filepath.Join(folder, args[7]))
	}
	return 0
}

// tail prints a file that grows, until its folder is gone.
func tail(path string) {
	file, err := os.Open(path)
	for ; err == nil; _, err = os.Stat(path) {
		io.Copy(os.Stdout, file) // from where it ended the last time
		time.Sleep(5 * time.Millisecond)
	}
}

// extend adds to a file that is being read: what is in it stays there all the time.
func extend(path, text string) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		return err
	}
	_, err = file.WriteString(text)
	return errors.Join(err, file.Close())
}

// fake is a cluster of which a folder is all there is.
func fake(t *testing.T) (Cluster, string) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	t.Setenv("FAKE_KUBECTL", folder)
	return Cluster{Kubectl: self, Flags: []string{"--context", "x"}}, folder
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestCalls: what is asked of kubectl, from the first object to the last.
func TestCalls(t *testing.T) {
	c, folder := fake(t)
	j, ctx := example(), t.Context()
	if _, err := c.Create(ctx, j); err != nil {
		t.Fatal(err)
	}
	manifest, err := j.Manifest()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(manifest), read(t, folder+"/created")); diff != "" {
		t.Error(diff)
	}
	if err := c.Start(ctx, j, time.Unix(1_800_000_000, 5e8), "key"); err != nil {
		t.Fatal(err)
	}
	start := documents(t, []byte(read(t, folder+"/created")))["ConfigMap"]
	if at(t, start, "metadata.name") != "peak-start" || at(t, start, "data.at") != "2027-01-15T08:00:00.5Z key" {
		t.Errorf("the start is told as %v", start)
	}
	var lines []string
	write(t, folder+"/logs", "[pod/peak-0-x/dfcheck] one\n[pod/peak-1-y/dfcheck] two\n")
	if err := c.Follow(ctx, j, func(l string) { lines = append(lines, l) }); err != nil || len(lines) != 2 {
		t.Errorf("%q, %v", lines, err)
	}
	if err := errors.Join(c.Suspend(ctx, j), c.Delete(ctx, j)); err != nil {
		t.Fatal(err)
	}
	want := `--context x create -o json -f -
--context x create -f -
--context x annotate pods -l batch.kubernetes.io/job-name=peak --overwrite dfcheck/start=1800000000
--context x logs --follow --prefix --max-log-requests 8 -c dfcheck -l batch.kubernetes.io/job-name=peak
--context x patch job peak --type=merge -p {"spec":{"suspend":true}}
--context x delete --ignore-not-found --wait=false --cascade=background job/peak configmap/peak-settings configmap/peak-start pod/peak-files persistentvolumeclaim/peak-results
`
	if diff := cmp.Diff(want, read(t, folder+"/calls")); diff != "" {
		t.Error(diff)
	}
	j.Claim = "shared"
	if err := c.Delete(ctx, j); err != nil || strings.Count(read(t, folder+"/calls"), "persistentvolumeclaim") != 1 {
		t.Errorf("a claim that was there before is deleted, %v", err)
	}
}

func TestKubectlErrors(t *testing.T) {
	c, folder := fake(t)
	write(t, folder+"/refuse-create", "warning: something\nerror: jobs.batch is forbidden\n")
	if _, err := c.Create(t.Context(), example()); err == nil || err.Error() != "kubectl create: jobs.batch is forbidden" {
		t.Error(err)
	}
	write(t, folder+"/refuse-get", "Unable to connect to the server\n")
	err := c.Watch(t.Context(), example()).Until(t.Context(), func(State) bool { return false })
	if err == nil || err.Error() != "kubectl get: Unable to connect to the server" {
		t.Error(err)
	}
	err = Cluster{Kubectl: "no-such-kubectl"}.Found()
	if err == nil || err.Error() != "no-such-kubectl is not in PATH" {
		t.Error(err)
	}
}

// event is one line of a watch on pods.
func event(kind string, index int, uid, status string) string {
	return fmt.Sprintf(`{"type":%q,"object":{"metadata":{"uid":%q,"annotations":{%q:"%d"}},"status":%s}}`+"\n",
		kind, uid, indexAnnotation, index, status)
}

const (
	pending = `{"phase":"Pending","conditions":[
		{"type":"PodScheduled","status":"False","reason":"Unschedulable","message":"0/3 nodes"}]}`
	pulling = `{"phase":"Pending","containerStatuses":[
		{"state":{"waiting":{"reason":"ErrImagePull","message":"no such image"}}}]}`
	creating = `{"phase":"Pending","containerStatuses":[{"state":{"waiting":{"reason":"ContainerCreating"}}}]}`
	ready    = `{"phase":"Running","conditions":[{"type":"Ready","status":"True"}]}`
	done     = `{"phase":"Succeeded","containerStatuses":[{"state":{"terminated":{"exitCode":0}}}]}`
	evicted  = `{"phase":"Failed","reason":"Evicted","message":"low on memory"}`
)

func failed(code int, reason string) string {
	return fmt.Sprintf(`{"phase":"Failed","containerStatuses":[{"state":{"terminated":{"exitCode":%d,"reason":%q}}}]}`,
		code, reason)
}

// TestWatch: the state follows what the cluster tells.
func TestWatch(t *testing.T) {
	c, folder := fake(t)
	j := example()
	j.Shards = 2
	pods, jobs := folder+"/pods", folder+"/job"
	write(t, jobs, `{"type":"ADDED","object":{"status":{}}}`)
	write(t, pods, event("ADDED", 0, "a", pending)+event("ADDED", 1, "b", creating))
	w := c.Watch(t.Context(), j)
	for _, step := range []struct {
		pods, job string
		want      State
	}{
		{want: State{Shards: 2, Running: 2, Obstacles: []string{"shard 0: Unschedulable: 0/3 nodes"}}},
		{pods: event("MODIFIED", 0, "a", pulling),
			want: State{Shards: 2, Running: 2, Obstacles: []string{"shard 0: ErrImagePull: no such image"}}},
		{pods: event("MODIFIED", 0, "a", ready) + event("MODIFIED", 1, "b", ready),
			want: State{Shards: 2, Ready: 2, Running: 2}},
		// Stopped before the start, and another pod takes its place.
		{pods: event("MODIFIED", 1, "b", failed(10, "Error")), want: State{
			Shards: 2, Ready: 1, Running: 1, Code: 10,
			Lost: []string{"shard 1: exit code 10 (stopped before the start)"},
			Why:  []string{"shard 1: exit code 10 (stopped before the start)"}}},
		{pods: event("ADDED", 1, "c", creating), want: State{Shards: 2, Ready: 1, Running: 2}},
		{pods: event("DELETED", 1, "b", failed(10, "Error")) + event("MODIFIED", 1, "c", ready),
			want: State{Shards: 2, Ready: 2, Running: 2}},
		{pods: event("MODIFIED", 0, "a", done), want: State{Shards: 2, Ready: 1, Running: 1}},
		{pods: event("MODIFIED", 1, "c", failed(137, "OOMKilled")),
			want: State{Shards: 2, Code: 137, Lost: []string{"shard 1: exit code 137 (OOMKilled)"},
				Why: []string{"shard 1: exit code 137 (OOMKilled)"}}},
		{job: `{"type":"MODIFIED","object":{"status":{"conditions":[
			{"type":"Failed","status":"True","reason":"FailedIndexes","message":"Job has failed indexes"}]}}}`,
			want: State{Shards: 2, Over: true, Code: 137, Failed: "FailedIndexes: Job has failed indexes",
				Lost: []string{"shard 1: exit code 137 (OOMKilled)"},
				Why:  []string{"shard 1: exit code 137 (OOMKilled)"}}},
	} {
		if err := errors.Join(extend(pods, step.pods), extend(jobs, step.job)); err != nil {
			t.Fatal(err)
		}
		var got State
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		err := w.Until(ctx, func(s State) bool { got = s; return cmp.Equal(s, step.want) })
		cancel()
		if err != nil {
			t.Fatal(cmp.Diff(step.want, got))
		}
	}
}

// TestState: what pods and Job say together.
func TestState(t *testing.T) {
	suspended := job{}
	suspended.Status.Conditions = []condition{{Type: "Suspended", Status: "True"}}
	for _, test := range []struct {
		name   string
		events []string
		job    job
		want   State
	}{
		{"nothing was seen", nil, job{}, State{Shards: 1}},
		{"evicted by its node", []string{event("ADDED", 0, "a", evicted)}, job{},
			State{Shards: 1, Lost: []string{"shard 0: Evicted low on memory"},
				Why: []string{"shard 0: Evicted low on memory"}}},
		{"suspended, still writing", []string{event("ADDED", 0, "a", ready)}, suspended,
			State{Shards: 1, Ready: 1, Running: 1}},
		{"suspended", []string{event("ADDED", 0, "a", failed(130, "Error"))}, suspended,
			State{Shards: 1, Over: true, Code: 130, Lost: []string{"shard 0: exit code 130 (stopped)"},
				Why: []string{"shard 0: exit code 130 (stopped)"}}},
		{"suspended before it had a node",
			[]string{event("ADDED", 0, "a", pending), event("DELETED", 0, "a", pending)}, suspended,
			State{Shards: 1, Over: true}},
	} {
		w := &Watch{shards: 1, changed: make(chan struct{}), job: test.job}
		for _, e := range test.events {
			var line struct {
				Type   string
				Object pod
			}
			if err := json.Unmarshal([]byte(e), &line); err != nil {
				t.Fatal(err)
			}
			w.seePod(line.Type, line.Object)
		}
		if diff := cmp.Diff(test.want, w.state()); diff != "" {
			t.Errorf("%s: %s", test.name, diff)
		}
	}
}

// TestFetch: an archive that was cut off is asked for again.
func TestFetch(t *testing.T) {
	c, folder := fake(t)
	if err := os.Mkdir(folder+"/results", 0o777); err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"shard-0-of-2-a.json": strings.Repeat("{}\n", 9999), "shard-0-of-2-a.digests": "x"}
	for name, text := range want {
		write(t, filepath.Join(folder, "results", name), text)
	}
	write(t, folder+"/half", "")
	to := t.TempDir()
	if err := c.Fetch(t.Context(), example(), to); err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for name := range want {
		got[name] = read(t, filepath.Join(to, name))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	calls := read(t, folder+"/calls")
	if strings.Count(calls, "exec peak-files -c dfcheck -- /dfcheck load files /results/peak/") != 2 {
		t.Errorf("the archive was not asked for twice:\n%s", calls)
	}
	write(t, folder+"/refuse-exec", "container not found")
	if err := c.Fetch(t.Context(), example(), to); err == nil || err.Error() != "kubectl exec: container not found" {
		t.Error(err)
	}
}

// TestUnpack: what comes from a cluster names no file outside of the folder.
func TestUnpack(t *testing.T) {
	archive := func(h tar.Header, text string) []byte {
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		w := tar.NewWriter(z)
		h.Size = int64(len(text))
		if err := w.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
		io.WriteString(w, text)
		w.Close()
		z.Close()
		return b.Bytes()
	}
	whole := archive(tar.Header{Name: "shard.json", Typeflag: tar.TypeReg}, strings.Repeat("text", 999))
	for _, test := range []struct {
		name    string
		archive []byte
		want    string
	}{
		{"whole", whole, ""},
		{"empty", nil, "did not arrive whole"},
		{"cut off", whole[:len(whole)-9], "did not arrive whole"},
		{"no archive", []byte("exec failed"), "did not arrive whole"},
		{"outside", archive(tar.Header{Name: "../x", Typeflag: tar.TypeReg}, "x"), "not the name of a file"},
		{"hidden", archive(tar.Header{Name: ".bashrc", Typeflag: tar.TypeReg}, "x"), "not the name of a file"},
		{"link", archive(tar.Header{Name: "x", Typeflag: tar.TypeSymlink, Linkname: "/etc/passwd"}, ""),
			"not the name of a file"},
	} {
		err := Unpack(bytes.NewReader(test.archive), t.TempDir())
		if (test.want == "") != (err == nil) || err != nil && !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, want %q", test.name, err, test.want)
		}
	}
}

// TestClock: a cluster tells whole seconds, so that a difference of less is none.
func TestClock(t *testing.T) {
	asked := time.Date(2026, 1, 1, 12, 0, 0, 5e8, time.UTC)
	answered := asked.Add(300 * time.Millisecond)
	for told, want := range map[string]time.Duration{
		"2026-01-01T12:00:00Z": 0,
		"2026-01-01T12:00:10Z": 9200 * time.Millisecond,
		"2026-01-01T11:59:00Z": -59500 * time.Millisecond,
	} {
		for _, form := range []string{`{"metadata":{"creationTimestamp":%q}}{"metadata":{}}`,
			`{"items":[{"metadata":{"creationTimestamp":%q}}]}`} {
			if got := clock(fmt.Appendf(nil, form, told), asked, answered); got != want {
				t.Errorf("%s: %s, want %s", told, got, want)
			}
		}
	}
	if got := clock([]byte("created"), asked, answered); got != 0 {
		t.Error(got)
	}
}

// TestLabelsAgree: the objects that a run makes later carry the labels of the first.
func TestLabelsAgree(t *testing.T) {
	j := example()
	want := at(t, documents(t, j.object("job.yaml"))["Job"], "metadata.labels")
	for _, name := range []string{"settings.yaml", "claim.yaml", "files.yaml"} {
		for kind, doc := range documents(t, j.object(name)) {
			if diff := cmp.Diff(want, at(t, doc, "metadata.labels")); diff != "" {
				t.Errorf("%s: %s", kind, diff)
			}
		}
	}
	var own any
	if err := yaml.Unmarshal([]byte(j.labels()), &own); err != nil || !cmp.Equal(want, own) {
		t.Errorf("%v, %v", own, err)
	}
}
