package main

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"

	"github.com/dfcheck/dfcheck/reports"
)

// action is the part of a composite action that says what is run.
type action struct {
	Inputs map[string]struct{ Default string }
	Runs   struct{ Steps []actionStep }
}

type actionStep struct {
	ID, If, Uses, Run string
	Env, With         map[string]string
}

func readAction(t *testing.T) (a action) {
	t.Helper()
	text, err := os.ReadFile("../../.github/actions/conformance/action.yml")
	if err == nil {
		err = yaml.Unmarshal(text, &a)
	}
	if err != nil {
		t.Fatal(err)
	}
	return a
}

var actionInput = regexp.MustCompile(`\$\{\{ inputs\.([a-z0-9-]+) \}\}`)

// check runs the step that checks as a runner does, with dfcheck replaced by a
// program that keeps its arguments, writes its reports and ends with a code.
func (a action) check(t *testing.T, code int, inputs map[string]string) (ended int, args, outputs, summary string) {
	dir := t.TempDir()
	fake := "#!/bin/sh\nprintf '%s\\n' \"$@\" > args\nfor a; do case $a in markdown=*) echo \"# told $a\" > " +
		"\"${a#*=}\";; esac; done\nexit " + fmt.Sprint(code) + "\n"
	if err := os.WriteFile(filepath.Join(dir, "dfcheck"), []byte(fake), 0o700); err != nil {
		t.Fatal(err)
	}
	step := a.Runs.Steps[slices.IndexFunc(a.Runs.Steps, func(s actionStep) bool { return s.ID == "check" })]
	cmd := exec.Command("bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step.Run)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "RUNNER_TEMP="+dir, "GITHUB_OUTPUT="+filepath.Join(dir, "outputs"),
		"GITHUB_STEP_SUMMARY="+filepath.Join(dir, "summary"))
	for name, value := range step.Env {
		value = actionInput.ReplaceAllStringFunc(value, func(text string) string {
			input := actionInput.FindStringSubmatch(text)[1]
			if given, ok := inputs[input]; ok {
				return given
			}
			return a.Inputs[input].Default
		})
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	out, err := cmd.CombinedOutput()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		ended = exit.ExitCode()
	} else if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	read := func(name string) string {
		text, _ := os.ReadFile(filepath.Join(dir, name)) // an empty text says it is missing
		return string(text)
	}
	return ended, read("args"), read("outputs"), read("summary")
}

// TestAction: the step ends with dfcheck's exit code, whatever that is, and the
// reports are uploaded all the same.
func TestAction(t *testing.T) {
	if _, err := exec.LookPath("bash"); err != nil {
		t.Skipf("SKIPPED: %v", err)
	}
	a := readAction(t)
	for _, code := range []int{reports.ExitOK, reports.ExitFailed, reports.ExitUsage, reports.ExitUntested,
		reports.ExitUndecided, reports.ExitStaleWaiver, reports.ExitInterrupted} {
		ended, args, outputs, summary := a.check(t, code, map[string]string{"host": "http://127.0.0.1:1",
			"waivers": "my waivers.yaml"})
		if ended != code || outputs != fmt.Sprintf("exit-code=%d\n", code) || !strings.HasPrefix(summary, "# told") {
			t.Errorf("dfcheck ends with %d; the step ends with %d, outputs %q, summary %q", code, ended, outputs, summary)
		}
		for _, want := range []string{"conformance\n", "--host\nhttp://127.0.0.1:1\n", "--waivers\nmy waivers.yaml\n",
			"--strict=false\n", "junit=dfcheck-reports/run.xml\n"} {
			if !strings.Contains(args, want) {
				t.Errorf("the arguments lack %q:\n%s", want, args)
			}
		}
		if strings.Contains(args, "--config") {
			t.Errorf("a configuration that nobody named:\n%s", args)
		}
	}
	upload := a.Runs.Steps[len(a.Runs.Steps)-1]
	if !strings.HasPrefix(upload.Uses, "actions/upload-artifact@") || upload.If != "${{ always() }}" ||
		upload.With["path"] != "${{ inputs.reports }}" {
		t.Errorf("the reports of a failed step are not uploaded: %v", upload)
	}
}

// TestActionInputs: no input is put into a script, where it would be run; and dfcheck
// knows the flags that the script gives it.
func TestActionInputs(t *testing.T) {
	a := readAction(t)
	used := map[string]bool{}
	for _, s := range a.Runs.Steps {
		if strings.Contains(s.Run, "${{") {
			t.Errorf("an expression in a script:\n%s", s.Run)
		}
		for _, text := range slices.Concat(slices.Collect(maps.Values(s.Env)), slices.Collect(maps.Values(s.With))) {
			for _, m := range actionInput.FindAllStringSubmatch(text, -1) {
				used[m[1]] = true
			}
		}
		for _, m := range regexp.MustCompile(`inputs\.([a-z0-9-]+)`).FindAllStringSubmatch(s.If, -1) {
			used[m[1]] = true
		}
		for _, m := range regexp.MustCompile(`--([a-z-]+)`).FindAllStringSubmatch(s.Run, -1) {
			if newConformance(terminal{}).Flags().Lookup(m[1]) == nil {
				t.Errorf("dfcheck conformance has no flag --%s", m[1])
			}
		}
	}
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, listed, _ := strings.Cut(string(readme), "\nInputs are ")
	listed, _, _ = strings.Cut(listed, ". The step")
	for name := range a.Inputs {
		if !strings.Contains(listed, "`"+name+"`") {
			t.Errorf("README.md does not name the input %s", name)
		}
		if !used[name] {
			t.Errorf("the input %s does nothing", name)
		}
	}
}
