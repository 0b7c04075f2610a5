//go:build unix

package main

import (
	"context"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dfcheck/dfcheck/spec"
)

// prelude is what every block finds in its shell: programs that stand in for those
// that a test cannot have.
const prelude = `
go() { test "$1 $2" = "run ./cmd/dfcheck" && shift 2 && dfcheck "$@"; }
serve() {
	: >served # what another one said is not what this one says
	dfcheck serve --addr 127.0.0.1:0 "$@" >served 2>&1 &
	until grep -E "https?://" served; do kill -0 $! || return 2; sleep 0.05; done
	kill -INT $!; wait $!
}
srun() {
	n=$2; shift; shift; test "$1" != -K1 || shift; pids=
	for i in $(seq 0 $((n - 1))); do SLURM_NTASKS=$n SLURM_PROCID=$i "$@" & pids="$pids $!"; done
	for p in $pids; do wait $p || return 1; done
}
`

// prepared are the files that documented commands read, where no command before them
// has written them.
func prepared(server, report string) map[string]string {
	config := "host: " + server + `
spec: rfc8628
approve:
  kind: form
  user: {username: alice, password: password}
  steps:
    - open: "{verification_uri}"
    - {fill: {username: "{username}", password: "{password}"}, press: Sign in}
    - {fill: {user_code: "{user_code}"}, press: Continue}
  approve: [{press: Approve}]
  deny: [{press: Deny}]
`
	files := map[string]string{
		"dfcheck.yaml":        config,
		"wrong-field.yaml":    strings.Replace(config, "{username: \"", "{nickname: \"", 1),
		"wrong-password.yaml": strings.Replace(config, "password: password", "password: wrong", 1),
		"wrong-denial.yaml":   strings.Replace(config, "press: Deny", "press: Refuse", 1),
		"crowd.yaml":          "devices: 6\nduration: 4s\narrivals: {kind: ramp, over: 1s}\n",
	}
	for _, name := range []string{"run", "main", "branch", "old", "new", "a", "b", "before/1", "after/1", "old/1", "new/1",
		"nightly/1", "nightly/2"} {
		files[name+".json"] = report
	}
	return files
}

// quickest are two checks that need one request.
const quickest = "DF-AUTHZ-003,DF-AUTHZ-008"

// quick makes of a documented command one with the same flags that takes seconds:
// fewer checks, devices and seconds, no person, no port that may be taken.
func quick(command string) string {
	for _, r := range []struct{ documented, run string }{
		{`--approve prompt($| [^<])`, `--approve reference$1`},
		{`/shared/`, `shared/`},
		{`(dfcheck load(?: run --local)?) (.*)--(devices) \S+`, `$1 $2--$3 6`},
		{`--profile (evening-peak|soak)`, `--profile $1 --devices 6 --ramp 1s --duration 7s`},
		{`--duration \d+[sm]`, `--duration 7s`},
		{`--ramp \d+[sm]`, `--ramp 1s`},
		{`--client-id tv-app`, `--client-id dfcheck`},
		{`--second-client-id tv-other`, `--second-client-id dfcheck-other`},
		{`dfcheck limits `, `dfcheck limits --tries 20 `},
		{`--control \d+`, `--control 0`},
		{`^curl `, `curl --silent --show-error --fail `},
		{`--shards 4 `, `--shards 2 `},
		{`--(live|metrics) \d+`, `--$1 0`},
		{`--otlp http://127.0.0.1:4318`, `--otlp http://127.0.0.1:1`},
		{`(load capacity .*--slo '[^']*')`, `$1 --first 6 --max-devices 6 --measurements 1`},
		{`load plan `, `load plan --speed 20000 `},
		{`\+(20|30) sec`, `+5 sec`},
	} {
		command = regexp.MustCompile(r.documented).ReplaceAllString(command, r.run)
	}
	if !strings.Contains(command, "--list-faults") {
		command = strings.ReplaceAll(command, "dfcheck serve", "serve")
	}
	if strings.Contains(command, "dfcheck load --devices 6 --threshold") {
		command = strings.Replace(command, "--threshold", "--ramp 1s --duration 7s --threshold", 1)
	}
	if !regexp.MustCompile(`--(only|group|retest)`).MatchString(command) {
		command = strings.ReplaceAll(command, "dfcheck conformance", "dfcheck conformance --only "+quickest)
	}
	return command
}

// exits are the exit codes of documented commands that may end with another than 0.
var exits = []struct {
	command string
	codes   []string
}{
	{"https://tv.example.com", []string{"1"}}, // the README shows a server that fails
	// A load run of seconds on a busy machine may miss a threshold, measure too little to
	// judge it, or come late for its start.
	{"srun ", []string{"0", "1", "3", "75"}},
	{"dfcheck load --shard ", []string{"0", "1", "3", "75"}},
	{"dfcheck report merge ", []string{"0", "1", "3", "4"}},
	{"dfcheck load ", []string{"0", "1", "3"}},
}

// TestDocumentation runs the commands of every document as they stand there, in a
// folder for each block and against servers that stand in for those that are named. They
// must end well and print what is shown.
func TestDocumentation(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("sh"); err != nil {
		t.Skipf("SKIPPED: %v", err)
	}
	servers := documentedServers(t)
	report, err := exec.Command("dfcheck", "conformance", "--only", quickest, "--report", "json=-").Output()
	if err != nil {
		t.Fatal(err)
	}
	files := prepared(servers.in("https://auth.example.com"), string(report))
	texts, seen := documents(t), map[string]bool{}
	for _, file := range slices.Sorted(maps.Keys(texts)) {
		for _, b := range blocks(file, texts[file]) {
			if b.kind == "yaml" {
				b = runLines(b)
			}
			steps := once(b.steps(), seen)
			if b.notRun != "" || b.kind != "sh" && b.kind != "console" || len(steps) == 0 {
				continue
			}
			t.Run(b.String(), func(t *testing.T) {
				t.Parallel()
				b.run(t, steps, servers, files)
			})
		}
	}
}

// once leaves out the load runs that another document had.
func once(steps []step, seen map[string]bool) []step {
	return slices.DeleteFunc(steps, func(s step) bool {
		command, _, _ := strings.Cut(quick(s.command), " #")
		again := seen[strings.TrimSpace(command)]
		seen[strings.TrimSpace(command)] = strings.HasPrefix(command, "dfcheck load ")
		return again
	})
}

// run carries the commands of a block out, one after the other in one shell.
func (b block) run(t *testing.T, steps []step, servers *standIns, files map[string]string) {
	work, out := t.TempDir(), t.TempDir()
	b.prepare(t, work, files)
	var script strings.Builder
	script.WriteString(prelude)
	for i, s := range steps {
		fmt.Fprintf(&script, "{\n%s\n} >%[2]s/%[3]d 2>&1 </dev/null\necho $? >%[2]s/%[3]d.code\n",
			servers.in(quick(s.command)), out, i)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "sh", "-c", script.String())
	cmd.WaitDelay = time.Second
	cmd.Dir = work
	cmd.Env = append(os.Environ(), "NO_COLOR=1", "GITHUB_STEP_SUMMARY="+filepath.Join(work, "summary.md"))
	if text, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	for i, s := range steps {
		code, _ := os.ReadFile(filepath.Join(out, fmt.Sprint(i, ".code")))
		text, _ := os.ReadFile(filepath.Join(out, fmt.Sprint(i)))
		printed := servers.out(string(text))
		if got, want := strings.TrimSpace(string(code)), s.exits(); want != nil && !slices.Contains(want, got) {
			t.Errorf("%s\nended with exit code %s, want %q:\n%s", s.command, got, want, lastOf(printed))
		}
		if b.kind == "console" {
			if missing := notPrinted(s.prints, printed); missing != "" {
				t.Errorf("%s\ndid not print %q:\n%s", s.command, missing, lastOf(printed))
			}
		}
	}
}

// lastOf is the last part of what was printed, which says most.
func lastOf(printed string) string { return printed[max(0, len(printed)-2000):] }

// prepare writes the files that the block names.
func (b block) prepare(t *testing.T, dir string, files map[string]string) {
	if strings.Contains(b.text, "openapi.yaml") {
		c, err := spec.BuiltinContract("documented-v1")
		if err != nil {
			t.Fatal(err)
		}
		files = maps.Clone(files)
		files["openapi.yaml"] = string(c.Source)
	}
	if lumen := "lumen-identity.yaml"; strings.Contains(b.text, lumen) {
		text, err := os.ReadFile("../../spec/testdata/" + lumen)
		if err != nil {
			t.Fatal(err)
		}
		files = map[string]string{lumen: string(text)}
	}
	if strings.Contains(b.text, "/shared/start") {
		files = map[string]string{"crowd.yaml": files["crowd.yaml"], "shared/results/.keep": "",
			"shared/start": time.Now().Add(15 * time.Second).UTC().Format(time.RFC3339)}
	}
	for name, text := range files {
		named := strings.Contains(b.text, "--config "+name) && !strings.Contains(b.text, "dfcheck init")
		if name == "dfcheck.yaml" && !named {
			continue // it would be read by itself, or be there already
		}
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
}

// exits are the exit codes that a command may have; nil where its output says how it ended.
func (s step) exits() []string {
	for _, e := range exits {
		if strings.Contains(s.command, e.command) {
			return e.codes
		}
	}
	if slices.ContainsFunc(s.prints, func(l string) bool { return strings.HasPrefix(l, "dfcheck: ") }) {
		return nil
	}
	return []string{"0"}
}

// notPrinted is the first line of those shown that was not printed, in their order; ""
// when all were. An ellipsis stands for anything in a line, and alone for any lines.
func notPrinted(shown []string, printed string) string {
	rest := strings.Split(printed, "\n")
	loose := true // what comes before the first line shown is not held
	for _, line := range shown {
		if line = strings.TrimRight(line, " "); line == "" || strings.TrimSpace(line) == "…" {
			loose = loose || line != ""
			continue
		}
		like := regexp.MustCompile("^" + strings.ReplaceAll(regexp.QuoteMeta(line), "…", ".*") + "$")
		i := slices.IndexFunc(rest, func(l string) bool { return like.MatchString(strings.TrimRight(l, " ")) })
		if i < 0 || i > 0 && !loose && strings.TrimSpace(strings.Join(rest[:i], "")) != "" {
			return line
		}
		rest, loose = rest[i+1:], false
	}
	return ""
}

func TestNotPrinted(t *testing.T) {
	const printed = "using x\none 17 of 18\n\ntwo\nthree\n"
	for shown, want := range map[string]string{
		"one … of 18\ntwo": "", "one 17 of 18\n…\nthree": "", "one 17 of 18\nthree": "three",
		"two\none 17 of 18": "one 17 of 18",
		"one 16 of 18":      "one 16 of 18", "": "",
	} {
		if got := notPrinted(strings.Split(shown, "\n"), printed); got != want {
			t.Errorf("%q: %q, want %q", shown, got, want)
		}
	}
}

// runLines makes of the steps of a workflow the commands that they run.
func runLines(b block) block {
	lines := regexp.MustCompile(`(?m)^- run: (dfcheck .*)$`).FindAllStringSubmatch(b.text, -1)
	b.kind, b.text = "sh", ""
	for _, m := range lines {
		b.text += m[1] + "\n"
	}
	return b
}
