package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"
)

// release is a folder with what a release has, and a curl and a wget that fetch from it.
type release struct{ dir, sum string }

const releasedVersion, releasedArchive = "v1.2.3", "dfcheck_1.2.3_linux_amd64.tar.gz"

// newRelease makes a release whose program prints its arguments.
func newRelease(t *testing.T) release {
	t.Helper()
	r := release{dir: t.TempDir()}
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	w := tar.NewWriter(z)
	program := []byte("#!/bin/sh\nprintf '%s\\n' \"$@\" > \"$HOME/args\"\n")
	for _, f := range []tar.Header{{Name: "dfcheck", Mode: 0o755, Size: int64(len(program))}} {
		if err := errors.Join(w.WriteHeader(&f)); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(program); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(w.Close(), z.Close()); err != nil {
		t.Fatal(err)
	}
	r.sum = fmt.Sprintf("%x", sha256.Sum256(b.Bytes()))
	fetch := `#!/bin/sh
while [ $# -gt 1 ]; do [ "$1" != "$OPTION" ] || out=$2; shift; done
case $1 in https://github.com/dfcheck/dfcheck/releases/download/v1.2.3/*) cp "$RELEASE/${1##*/}" "$out" ;; *) exit 22 ;; esac
`
	for name, text := range map[string]string{releasedArchive: b.String(), "checksums.txt": r.sum + "  " +
		releasedArchive + "\n",
		"curl": strings.ReplaceAll(fetch, "$OPTION", "-o"), "wget": strings.ReplaceAll(fetch, "$OPTION", "-O"),
		"uname": "#!/bin/sh\necho x86_64\n"} {
		if err := os.WriteFile(filepath.Join(r.dir, name), []byte(text), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	return r
}

// run runs a script with the release in reach, and returns how it ended.
func (r release) run(t *testing.T, dir string, env []string, command ...string) (ended int, out string) {
	t.Helper()
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "RELEASE="+r.dir, "HOME="+dir, "PATH="+r.dir+":"+os.Getenv("PATH"))
	cmd.Env = append(cmd.Env, env...)
	text, err := cmd.CombinedOutput()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		ended = exit.ExitCode()
	} else if err != nil {
		t.Skipf("SKIPPED: %v", err)
	}
	return ended, string(text)
}

// TestActionInstall: the release is run when its checksum is right; what was asked for
// by name must be there; everything else is built from the checkout.
func TestActionInstall(t *testing.T) {
	script, err := filepath.Abs("../../.github/actions/conformance/install.sh")
	if err != nil {
		t.Fatal(err)
	}
	r := newRelease(t)
	for name, tt := range map[string]struct {
		version, sum, ref, arch string
		ended                   int
		outputs, says           string
	}{
		"the action's own release":    {ref: "v1.2.3", outputs: "found=true"},
		"a branch":                    {ref: "main", outputs: "found=false"},
		"a commit":                    {ref: "0123456789abcdef", outputs: "found=false"},
		"a local checkout":            {outputs: "found=false"},
		"a tag that moves":            {ref: "v1", outputs: "found=false"},
		"a release of the future":     {ref: "v9.9.9", outputs: "found=false", says: "::notice::the release v9.9.9 has no"},
		"a version":                   {version: "v1.2.3", ref: "main", outputs: "found=true"},
		"a version that is none":      {version: "latest", ended: 1, says: `::error::version is "latest"`},
		"a version that is not there": {version: "v9.9.9", ended: 1, says: "::error::the release v9.9.9 has no"},
		"another machine": {version: "v1.2.3", arch: "RISCV", ended: 1,
			says: "::error::the release v1.2.3 has no"},
		"a checksum": {version: "v1.2.3", sum: r.sum, outputs: "found=true"},
		"a wrong checksum": {version: "v1.2.3", sum: strings.Repeat("0", 64), ended: 1, says: "::error::" +
			releasedArchive + " has the SHA-256"},
		"a wrong checksum of the action's own release": {ref: "v1.2.3", sum: strings.Repeat("0", 64), ended: 1,
			says: "it is not run"},
	} {
		dir := t.TempDir()
		arch := "X64"
		if tt.arch != "" {
			arch = tt.arch
		}
		outputs := filepath.Join(dir, "outputs")
		ended, out := r.run(t, dir, []string{"VERSION=" + tt.version, "SHA256=" + tt.sum, "ACTION_REF=" + tt.ref,
			"RUNNER_OS=Linux",
			"RUNNER_ARCH=" + arch, "RUNNER_TEMP=" + dir, "GITHUB_OUTPUT=" + outputs}, "bash", script)
		said, _ := os.ReadFile(outputs) // an empty text says it is missing
		if ended != tt.ended || strings.TrimSpace(string(said)) != tt.outputs || !strings.Contains(out, tt.says) {
			t.Errorf("%s: ended with %d, outputs %q, and said %s", name, ended, said, out)
		}
		_, err := os.Stat(filepath.Join(dir, "dfcheck"))
		if there := err == nil; there != (tt.outputs == "found=true") {
			t.Errorf("%s: the program is there: %t", name, there)
		}
	}
}

// gitlabJob is the job of the component.
type gitlabJob struct {
	Variables map[string]string
	Script    []string
}

// TestGitLabComponent: the job runs the release whose checksum is right, with the
// inputs as arguments; no input is put into the script, where it would be run.
func TestGitLabComponent(t *testing.T) {
	text, err := os.ReadFile("../../.gitlab/conformance.yml")
	if err != nil {
		t.Fatal(err)
	}
	_, body, found := strings.Cut(string(text), "\n---\n")
	if !found {
		t.Fatal("the component has no inputs")
	}
	var jobs map[string]gitlabJob
	if err := yaml.Unmarshal([]byte(body), &jobs); err != nil {
		t.Fatal(err)
	}
	job := jobs["$[[ inputs.job ]]"]
	script := strings.Join(job.Script, "\n")
	if strings.Contains(script, "[[") || !strings.Contains(script, "dfcheck conformance") {
		t.Fatalf("the script has inputs in it, or runs nothing:\n%s", script)
	}
	r := newRelease(t)
	env := func(inputs map[string]string) (out []string) {
		for name, value := range job.Variables {
			input := strings.TrimSuffix(strings.TrimPrefix(value, "$[[ inputs."), " ]]")
			out = append(out, name+"="+inputs[input])
		}
		return out
	}
	inputs := map[string]string{"version": "v1.2.3", "host": "http://127.0.0.1:1", "strict": "true", "fail-on": "warning",
		"reports": "out", "waivers": "my $(touch waivers).yaml"}
	dir := t.TempDir()
	if ended, out := r.run(t, dir, env(inputs), "sh", "-c", script); ended != 0 {
		t.Fatalf("ended with %d: %s", ended, out)
	}
	args, _ := os.ReadFile(filepath.Join(dir, "args")) // an empty text lacks them
	for _, want := range []string{"conformance\n--strict=true\n--fail-on\nwarning\n", "junit=out/run.xml\n",
		"--host\nhttp://127.0.0.1:1\n",
		"--waivers\nmy $(touch waivers).yaml\n"} {
		if !strings.Contains(string(args), want) {
			t.Errorf("the arguments lack %q:\n%s", want, args)
		}
	}
	if strings.Contains(string(args), "--config") {
		t.Errorf("a configuration that nobody named:\n%s", args)
	}
	inputs["sha256"] = strings.Repeat("0", 64)
	if ended, out := r.run(t, t.TempDir(), env(inputs), "sh", "-c", script); ended == 0 {
		t.Errorf("a wrong checksum is run: %s", out)
	}
}
