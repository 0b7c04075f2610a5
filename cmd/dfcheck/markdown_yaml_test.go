package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"

	"github.com/dfcheck/dfcheck/conformance"
	"github.com/dfcheck/dfcheck/conformance/waiver"
	"github.com/dfcheck/dfcheck/load/profile"
)

// TestDocumentedYAML: a block of YAML is one of the files that dfcheck or a CI reads.
func TestDocumentedYAML(t *testing.T) {
	t.Setenv("PASSWORD", "secret")
	found := 0
	for file, text := range documents(t) {
		for _, b := range blocks(file, text) {
			if b.kind != "yaml" {
				continue
			}
			found++
			if err := readDocumented(t, b.text); err != nil {
				t.Errorf("%s: %v", b, err)
			}
		}
	}
	if found < 6 {
		t.Errorf("%d blocks of YAML were found; are they still read?", found)
	}
	for _, wrong := range []string{
		"devices: 3\nduratoin: 4s\n",
		"host: http://a.example\nclient: {ids: x}\n",
		"- check: DF-SEC-999\n  reason: x\n",
		"- uses: a/b@c\n  wiht: {x: y}\n",
		"- uses: " + ownAction + "@main\n  with: {hots: x}\n",
		"include:\n  - remote: https://a.example" + ownComponent + "\n    inputs: {hots: x}\n",
		"a: b\n",
	} {
		if readDocumented(t, wrong) == nil {
			t.Errorf("nothing is wrong with %q", wrong)
		}
	}
}

// What other repositories name of this one.
const ownAction, ownComponent = "dfcheck/dfcheck/.github/actions/conformance", "/.gitlab/conformance.yml"

// A step of a workflow, and an included file of GitLab, as far as documents show them.
type (
	workflowStep struct {
		Uses, Run, If string
		With          map[string]string
	}
	inclusion struct {
		Include []struct {
			Remote string
			Inputs map[string]any
		}
	}
)

// readDocumented reads a text by its first key.
func readDocumented(t *testing.T, text string) error {
	name := filepath.Join(t.TempDir(), "documented.yaml")
	if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	first, _, _ := strings.Cut(text, ":")
	switch first {
	case "host":
		_, err := conformance.ReadConfig(name)
		return err
	case "devices":
		_, err := profile.Load(name)
		return err
	case "- check":
		_, err := waiver.Read(name)
		return err
	case "- uses", "- run":
		return readSteps(t, text)
	case "include":
		return readInclusion(t, text)
	}
	return fmt.Errorf("nothing is known that begins with %q", first)
}

func readSteps(t *testing.T, text string) error {
	var steps []workflowStep
	err := strictly(text, &steps)
	inputs := readAction(t).Inputs
	for _, s := range steps {
		for input := range s.With {
			if _, ok := inputs[input]; !ok && strings.HasPrefix(s.Uses, ownAction+"@") {
				err = errors.Join(err, fmt.Errorf("the action has no input %q", input))
			}
		}
	}
	return err
}

func readInclusion(t *testing.T, text string) error {
	var all inclusion
	err := strictly(text, &all)
	var component struct {
		Spec struct{ Inputs map[string]any }
	}
	source, problem := os.ReadFile("../.." + ownComponent)
	if problem := errors.Join(problem, yaml.Unmarshal(source, &component)); problem != nil {
		t.Fatal(problem)
	}
	for _, i := range all.Include {
		for input := range i.Inputs {
			if _, ok := component.Spec.Inputs[input]; !ok && strings.HasSuffix(i.Remote, ownComponent) {
				err = errors.Join(err, fmt.Errorf("the component has no input %q", input))
			}
		}
	}
	return err
}

// strictly reads YAML whose keys are all known.
func strictly(text string, v any) error {
	d := yaml.NewDecoder(strings.NewReader(text))
	d.KnownFields(true)
	return d.Decode(v)
}
