package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/dfcheck/dfcheck/load/kubernetes"
	"github.com/dfcheck/dfcheck/load/merge"
	"github.com/dfcheck/dfcheck/reports"
)

// TestKubernetes runs the shards on a real cluster, the one that kubectl reaches:
//
//	make e2e-kubernetes IMAGE=registry.example.com/dfcheck:v1
//
// The target is a reference server in a pod. KUBECTL names another kubectl, CLAIM a
// volume claim for a cluster that makes none.
func TestKubernetes(t *testing.T) {
	if os.Getenv("DFCHECK_KUBERNETES") == "" {
		t.Skip("runs on a real cluster: make e2e-kubernetes")
	}
	e := newCluster(t)
	for _, scenario := range []struct {
		name string
		run  func(*cluster, *testing.T)
	}{
		{"three shards are one process", func(e *cluster, t *testing.T) { e.compareWithOne(t, 3) }},
		{"five shards are one process", func(e *cluster, t *testing.T) { e.compareWithOne(t, 5) }},
		{"breach in one shard", (*cluster).breach},
		{"suspended from outside", (*cluster).suspend},
		{"Ctrl-C", (*cluster).interrupt},
		{"evicted before the start", (*cluster).evictBefore},
		{"evicted in the middle", (*cluster).evictDuring},
		{"killed pod", (*cluster).kill},
		{"full disk", (*cluster).fillDisk},
		{"an image that is not there", (*cluster).noImage},
	} {
		t.Run(scenario.name, func(t *testing.T) { scenario.run(e, t) })
	}
}

// cluster is a real one, with a target in it.
type cluster struct {
	kubectl, image, claim string
	host                  string // of the target
	one                   *reports.Load
}

// newCluster finds the cluster and starts the target. Without one the test is skipped.
func newCluster(t *testing.T) *cluster {
	e := &cluster{kubectl: cmp.Or(os.Getenv("KUBECTL"), "kubectl"), image: os.Getenv("IMAGE"), claim: os.Getenv("CLAIM")}
	if out, err := exec.Command(e.kubectl, "get", "nodes").CombinedOutput(); err != nil {
		t.Skipf("SKIPPED: %s reaches no cluster; nothing was tried on Kubernetes: %v %s", e.kubectl, err, out)
	}
	if e.image == "" {
		t.Fatal("IMAGE names no image of dfcheck; cmd/dfcheck/Containerfile makes one")
	}
	t.Chdir(t.TempDir())
	e.serve(t, "dfcheck-e2e-target")
	return e
}

// serve runs a reference server, and makes it the target.
func (e *cluster) serve(t *testing.T, name string, more ...string) {
	t.Helper()
	e.pod(t, name, append([]string{"serve", "--addr", "0.0.0.0:8628", "--interval", "1s", "--expires-in", "2m",
		"--decisions"}, more...)...)
	e.do(t, "wait", "--for=condition=Ready", "--timeout=2m", "pod/"+name)
	e.host = e.do(t, "get", "pod", name, "-o", "jsonpath={.status.podIP}")
}

// do calls kubectl, which must succeed.
func (e *cluster) do(t *testing.T, args ...string) string {
	t.Helper()
	return e.give(t, "", args...)
}

func (e *cluster) give(t *testing.T, input string, args ...string) string {
	t.Helper()
	c := exec.Command(e.kubectl, args...)
	c.Stdin = strings.NewReader(input)
	var out, said bytes.Buffer
	c.Stdout, c.Stderr = &out, &said
	if err := c.Run(); err != nil {
		t.Fatalf("kubectl %q: %v\n%s", args, err, said.String())
	}
	return out.String()
}

// pod runs dfcheck in a pod for the time of the test.
func (e *cluster) pod(t *testing.T, name string, args ...string) {
	t.Helper()
	quoted, err := json.Marshal(args)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.do(t, "delete", "pod", name, "--ignore-not-found", "--wait=false", "--grace-period=1") })
	e.give(t, fmt.Sprintf(`{"apiVersion":"v1","kind":"Pod","metadata":{"name":%q},"spec":{"restartPolicy":"Never",
		"automountServiceAccountToken":false,"containers":[{"name":"dfcheck","image":%q,"imagePullPolicy":"IfNotPresent",
		"command":["/dfcheck"],"args":%s}]}}`, name, e.image, quoted), "create", "-f", "-")
}

// crowd are the flags of a small crowd: 300 devices, of which most are approved or
// denied within four seconds.
func (e *cluster) crowd() []string {
	return []string{"--host=http://" + e.host + ":8628", "--allow-host=" + e.host, "--spec=documented-v1",
		"--client-id=dfcheck", "--approve=reference", "--profile=./crowd.yaml"}
}

const crowdProfile = `devices: 300
duration: %s
seed: 42
arrivals: %s
groups: [{people: {approve: 0.7, deny: 0.1, delay: {kind: uniform, median: 2s}}}]
`

func (e *cluster) profile(t *testing.T, duration, arrivals string) {
	t.Helper()
	if err := os.WriteFile("crowd.yaml", fmt.Appendf(nil, crowdProfile, duration, arrivals), 0o666); err != nil {
		t.Fatal(err)
	}
}

const together = "{kind: ramp, over: 2s}"

// attempt is a load run in the cluster.
type attempt struct {
	name   string
	out    bytes.Buffer
	stop   context.CancelFunc // as Ctrl-C does
	mu     sync.Mutex
	said   strings.Builder // on standard error
	code   int
	over   chan struct{}
	report *reports.Report // nil when there is none
}

// Write takes standard error.
func (a *attempt) Write(text []byte) (int, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.said.Write(text)
}

func (a *attempt) says() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.said.String()
}

// begin a load run, as a user does.
func (e *cluster) begin(t *testing.T, shards int, more ...string) *attempt {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	a := &attempt{name: fmt.Sprintf("e2e-%d", time.Now().UnixMilli()), stop: stop, over: make(chan struct{})}
	file := filepath.Join(t.TempDir(), "merged.json")
	args := slices.Concat([]string{"load", "run", "--kubernetes", "--kubectl=" + e.kubectl, "--image=" + e.image,
		fmt.Sprintf("--shards=%d", shards), "--name=" + a.name, "--cpu=100m", "--memory=128Mi", "--report=json=" + file,
		"--report=html=" + strings.TrimSuffix(file, "json") + "html"}, e.crowd(), more)
	if e.claim != "" {
		args = append(args, "--claim="+e.claim)
	}
	go func() {
		defer close(a.over)
		a.code = execute(ctx, args, terminal{in: strings.NewReader(""), out: &a.out, err: a})
		if r, err := reports.ReadFile(file); err == nil {
			a.report = r
		}
	}()
	t.Cleanup(func() {
		stop()
		<-a.over
		if t.Failed() {
			t.Logf("exit code %d\n%s\n%s", a.code, a.says(), a.out.String())
		}
	})
	return a
}

// until something was said.
func (a *attempt) until(t *testing.T, text string) {
	t.Helper()
	eventually(t, func() bool {
		select {
		case <-a.over:
			if !strings.Contains(a.says(), text) {
				t.Fatalf("ended without saying %q", text)
			}
		default:
		}
		return strings.Contains(a.says(), text)
	}, "the run did not say %q", text)
}

// eventually waits for what a cluster does in its own time.
func eventually(t *testing.T, done func() bool, format string, args ...any) {
	t.Helper()
	for end := time.Now().Add(3 * time.Minute); !done(); time.Sleep(200 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf(format, args...)
		}
	}
}

// end waits for the exit code, and holds that nothing is left in the cluster.
func (e *cluster) end(t *testing.T, a *attempt, code int) {
	t.Helper()
	<-a.over
	if a.code != code {
		t.Fatalf("exit code %d, want %d", a.code, code)
	}
	left := e.do(t, "get", "job,configmap", "-l", "app.kubernetes.io/instance="+a.name, "-o", "name")
	if left != "" {
		t.Errorf("left in the cluster: %s", left)
	}
}

// states of the shards after the merge: how many are what.
func (a *attempt) states(t *testing.T) map[string]int {
	t.Helper()
	if a.report == nil {
		t.Fatal("there is no report")
	}
	n := map[string]int{}
	for _, s := range a.report.Load.Shards {
		n[s.State()]++
	}
	var words []string
	for _, state := range slices.Sorted(maps.Keys(n)) {
		words = append(words, fmt.Sprintf("%d %s", n[state], state))
	}
	t.Logf("exit code %d; shards: %s; %d device authorizations, %d polls", a.code, strings.Join(words, ", "),
		a.report.Load.Requests.Starts, a.report.Load.Requests.Polls)
	return n
}

// compareWithOne: so many shards together are the crowd of one process with the same
// seed.
func (e *cluster) compareWithOne(t *testing.T, shards int) {
	e.profile(t, "12s", together)
	if e.one == nil {
		e.one = e.single(t)
	}
	a := e.begin(t, shards)
	e.end(t, a, 0)
	if n := a.states(t); n["complete"] != shards {
		t.Errorf("not all are complete: %v", n)
	}
	all, one := a.report.Load, e.one
	if !all.Crowd.DigestRight || all.Crowd.Digest != one.Shard.Digest {
		t.Errorf("the schedule is %s, that of one process %s", all.Crowd.Digest, one.Shard.Digest)
	}
	type counts struct{ Starts, Approved, Denied, Codes uint64 }
	of := func(l *reports.Load) counts {
		return counts{l.Requests.Starts, l.Devices.Approved, l.Devices.Denied, l.Outcomes.DeviceCode}
	}
	if of(all) != of(one) {
		t.Errorf("the counts are %+v, those of one process %+v", of(all), of(one))
	}
	if d := math.Abs(float64(all.Requests.Polls)/float64(one.Requests.Polls) - 1); d > 0.05 {
		t.Errorf("%d polls, one process sent %d", all.Requests.Polls, one.Requests.Polls)
	}
	t.Logf("schedule %s as in one process, %+v; %d polls, one process %d; clocks at most %.0f ms apart",
		all.Crowd.Digest, of(all), all.Requests.Polls, one.Requests.Polls, all.Crowd.ClockSpreadMS)
}

// single is the crowd in one process.
func (e *cluster) single(t *testing.T) *reports.Load {
	t.Helper()
	text, err := os.ReadFile("crowd.yaml")
	if err != nil {
		t.Fatal(err)
	}
	e.give(t, fmt.Sprintf(`{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"dfcheck-e2e-one"},
		"data":{"crowd.yaml":%q}}`, text), "create", "-f", "-")
	t.Cleanup(func() { e.do(t, "delete", "configmap", "dfcheck-e2e-one") })
	args, err := json.Marshal(append([]string{"load", "--report", "json=-"}, e.crowd()...))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.do(t, "delete", "pod", "dfcheck-e2e-one", "--wait=false") })
	e.give(t, fmt.Sprintf(`{"apiVersion":"v1","kind":"Pod","metadata":{"name":"dfcheck-e2e-one"},
		"spec":{"restartPolicy":"Never","containers":[{"name":"dfcheck","image":%q,"imagePullPolicy":"IfNotPresent",
		"command":["/dfcheck"],"args":%s,"workingDir":"/settings",
		"volumeMounts":[{"name":"settings","mountPath":"/settings"}]}],
		"volumes":[{"name":"settings","configMap":{"name":"dfcheck-e2e-one"}}]}}`, e.image, args), "create", "-f", "-")
	e.do(t, "wait", "--for=jsonpath={.status.phase}=Succeeded", "--timeout=2m", "pod/dfcheck-e2e-one")
	_, document, _ := strings.Cut(e.do(t, "logs", "dfcheck-e2e-one"), "\n{\n")
	r, err := reports.Read(strings.NewReader("{\n" + document))
	if err != nil {
		t.Fatal(err)
	}
	return r.Load
}

// breach: one shard meets a violation, so that the whole cannot pass any more, and the
// others, which have sent nothing yet, end with it.
func (e *cluster) breach(t *testing.T) {
	wrong := *e
	wrong.serve(t, "dfcheck-e2e-wrong", "--fault", "pending-cacheable")
	if err := os.WriteFile("arrivals.csv", []byte("at,devices\n0,1\n25,299\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	e.profile(t, "40s", "{kind: replay, file: arrivals.csv}")
	a := wrong.begin(t, 3)
	e.end(t, a, 1)
	if n := a.states(t); n["complete"] != 0 || a.report.Load.Requests.Starts != 1 {
		t.Errorf("the others went on: %v", n)
	}
}

// suspend: the operator of the cluster stops the run, with nothing but kubectl.
func (e *cluster) suspend(t *testing.T) {
	e.profile(t, "40s", together)
	a := e.begin(t, 3)
	a.until(t, "they start in")
	e.untilPolling(t, a)
	e.do(t, "patch", "job", a.name, "--type=merge", "-p", `{"spec":{"suspend":true}}`)
	asked := time.Now()
	e.end(t, a, 4)
	t.Logf("merged %.1f s after the Job was suspended", time.Since(asked).Seconds())
	if n := a.states(t); n["partial"] != 3 || a.report.Load.Requests.Polls == 0 {
		t.Errorf("%v", n)
	}
}

// untilPolling waits until the target has answered polls.
func (e *cluster) untilPolling(t *testing.T, a *attempt) {
	t.Helper()
	eventually(t, func() bool {
		logs := e.do(t, "logs", "-l", "batch.kubernetes.io/job-name="+a.name, "--tail=3", "-c", "dfcheck")
		return strings.Count(logs, "DFSHARD") > 0
	}, "no shard said how far it is")
}

// interrupt: Ctrl-C stops all shards, and what they did is reported.
func (e *cluster) interrupt(t *testing.T) {
	e.profile(t, "40s", together)
	a := e.begin(t, 3)
	a.until(t, "they start in")
	e.untilPolling(t, a)
	asked := time.Now()
	a.stop()
	e.end(t, a, 130)
	t.Logf("merged %.1f s after Ctrl-C", time.Since(asked).Seconds())
	if n := a.states(t); n["partial"] != 3 || a.report.Load.Requests.Polls == 0 {
		t.Errorf("%v", n)
	}
}

// shard is the name of a pod that carries out one.
func (e *cluster) shard(t *testing.T, job string, index int) string {
	t.Helper()
	return strings.TrimSpace(e.do(t, "get", "pods", "-l", fmt.Sprintf("batch.kubernetes.io/job-name=%s,"+
		"batch.kubernetes.io/job-completion-index=%d", job, index), "-o", "jsonpath={.items[*].metadata.name}"))
}

func (e *cluster) evict(t *testing.T, pod string) {
	t.Helper()
	namespace := e.do(t, "get", "pod", pod, "-o", "jsonpath={.metadata.namespace}")
	e.give(t, fmt.Sprintf(`{"apiVersion":"policy/v1","kind":"Eviction","metadata":{"name":%q}}`, pod),
		"create", "--raw", "/api/v1/namespaces/"+namespace+"/pods/"+pod+"/eviction", "-f", "-")
}

// evictBefore goes the way without "load run": the manifest, the start, the merge. A
// shard that is evicted while it waits is replaced, and the run is whole.
func (e *cluster) evictBefore(t *testing.T) {
	e.profile(t, "12s", together)
	name, manifest := e.manifest(t)
	e.give(t, manifest, "apply", "-f", "-")
	job := &kubernetes.Job{Name: name, Image: e.image, Shards: 3, Claim: e.claim}
	on := kubernetes.Cluster{Kubectl: e.kubectl}
	t.Cleanup(func() { e.deleted(t, on, job) })
	watch := on.Watch(t.Context(), job)
	ready := func(s kubernetes.State) bool { return s.Ready == 3 }
	if err := watch.Until(t.Context(), ready); err != nil {
		t.Fatal(err)
	}
	first := e.shard(t, name, 1)
	e.evict(t, first)
	asked := time.Now()
	eventually(t, func() bool { return !strings.Contains(e.shard(t, name, 1), first) }, "%s is not replaced", first)
	if err := watch.Until(t.Context(), ready); err != nil {
		t.Fatal(err)
	}
	t.Logf("replaced and ready %.1f s after the eviction", time.Since(asked).Seconds())
	if err := on.Start(t.Context(), job, time.Now().Add(5*time.Second), "key"); err != nil {
		t.Fatal(err)
	}
	r := e.merged(t, on, job, watch)
	if r.Run.ExitCode != 0 || !r.Load.Crowd.DigestRight {
		t.Errorf("exit code %d, %s", r.Run.ExitCode, r.Load.Incomplete())
	}
	t.Logf("exit code %d; %d device authorizations, %d polls",
		r.Run.ExitCode, r.Load.Requests.Starts, r.Load.Requests.Polls)
}

// manifest prints one under a name of its own.
func (e *cluster) manifest(t *testing.T) (name, text string) {
	t.Helper()
	name = fmt.Sprintf("e2e-%d", time.Now().UnixMilli())
	args := append([]string{"load", "manifest", "--shards=3", "--image=" + e.image, "--name=" + name, "--cpu=100m",
		"--memory=128Mi"}, e.crowd()...)
	if e.claim != "" {
		args = append(args, "--claim="+e.claim)
	}
	var out, said bytes.Buffer
	if code := execute(t.Context(), args, terminal{in: strings.NewReader(""), out: &out, err: &said}); code != 0 {
		t.Fatalf("exit code %d\n%s", code, said.String())
	}
	return name, out.String()
}

func (e *cluster) deleted(t *testing.T, on kubernetes.Cluster, job *kubernetes.Job) {
	if err := on.Delete(context.Background(), job); err != nil {
		t.Error(err)
	}
}

// merged waits for the end of a job and merges its files.
func (e *cluster) merged(t *testing.T, on kubernetes.Cluster, job *kubernetes.Job,
	w *kubernetes.Watch) *reports.Report {
	t.Helper()
	if err := w.Until(t.Context(), func(s kubernetes.State) bool { return s.Over }); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := on.Fetch(t.Context(), job, dir); err != nil {
		t.Fatal(err)
	}
	r, err := merge.Folder(dir, job.Shards)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// evictDuring: a shard that is drained away in the middle is lost; what it did counts.
func (e *cluster) evictDuring(t *testing.T) {
	e.profile(t, "40s", together)
	a := e.begin(t, 3)
	a.until(t, "they start in")
	e.untilPolling(t, a)
	e.evict(t, e.shard(t, a.name, 1))
	e.end(t, a, 4)
	if n := a.states(t); n["partial"] != 3 {
		t.Errorf("%v", n)
	}
	if !strings.Contains(a.says(), "shard 1: exit code 130 (stopped)") {
		t.Error("nobody says which shard was lost")
	}
}

// kill: a shard that cannot say a last word counts as it was when it last wrote.
func (e *cluster) kill(t *testing.T) {
	e.profile(t, "40s", together)
	a := e.begin(t, 3, "--keep-going")
	a.until(t, "they start in")
	e.untilPolling(t, a)
	e.do(t, "delete", "pod", e.shard(t, a.name, 2), "--force", "--grace-period=0")
	e.end(t, a, 4)
	if n := a.states(t); n["complete"] != 2 {
		t.Errorf("the others did not go on: %v", n)
	}
}

// fillDisk: shards whose files do not fit end as what could not run.
func (e *cluster) fillDisk(t *testing.T) {
	e.profile(t, "12s", together)
	name, manifest := e.manifest(t)
	claim := "persistentVolumeClaim: {claimName: " + cmp.Or(e.claim, name+"-results") + "}"
	small := strings.Replace(manifest, claim, "emptyDir: {medium: Memory, sizeLimit: 8Ki}", 1)
	if small == manifest {
		t.Fatalf("the manifest has no %s", claim)
	}
	e.give(t, small, "apply", "-f", "-")
	job := &kubernetes.Job{Name: name, Image: e.image, Shards: 3, Claim: e.claim}
	on := kubernetes.Cluster{Kubectl: e.kubectl}
	t.Cleanup(func() { e.deleted(t, on, job) })
	watch := on.Watch(t.Context(), job)
	if err := watch.Until(t.Context(), func(s kubernetes.State) bool { return s.Ready == 3 }); err != nil {
		t.Fatal(err)
	}
	if err := on.Start(t.Context(), job, time.Now().Add(5*time.Second), "key"); err != nil {
		t.Fatal(err)
	}
	var state kubernetes.State
	if err := watch.Until(t.Context(), func(s kubernetes.State) bool { state = s; return s.Over }); err != nil {
		t.Fatal(err)
	}
	logs := e.do(t, "logs", "-l", "batch.kubernetes.io/job-name="+name, "--tail=5", "-c", "dfcheck")
	if state.Failed == "" || state.Code != 3 || !strings.Contains(logs, "no space left on device") {
		t.Errorf("%+v\n%s", state, logs)
	}
	t.Logf("the Job failed: %s; %s", state.Failed, strings.Join(state.Lost, "; "))
}

// noImage: what keeps the shards from being ready is said, and nothing is left.
func (e *cluster) noImage(t *testing.T) {
	e.profile(t, "12s", together)
	a := e.begin(t, 3, "--image=localhost/no-such-image:1", "--start-timeout=20s")
	e.end(t, a, 3)
	if !strings.Contains(a.says(), "0 of 3 shards were ready after 20s; shards 0, 1, 2: ") {
		t.Error("nobody says why")
	}
	t.Log(a.says()[strings.LastIndex(a.says(), "dfcheck: error"):])
}
