package main

import (
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/dfcheck/dfcheck/"

// mayImport lists, for every folder, the folders of this module that it may
// import: imports point one way.
var mayImport = map[string][]string{
	"cmd":                 {"conformance", "conformance/approve", "load", "reports", "spec"},
	"conformance":         {"conformance/approve", "reports", "spec"},
	"conformance/approve": {"spec"},
	"load":                {"conformance/approve", "reports", "spec"},
	"reports":             {"spec"},
	"spec":                {"spec"},
}

func TestImportsPointOneWay(t *testing.T) {
	out, err := exec.Command("go", "list", "-f", `{{.ImportPath}} {{join .Imports " "}}`, "../../...").Output()
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(out)) {
		words := strings.Fields(line)
		from := strings.TrimPrefix(words[0], module)
		for _, path := range words[1:] {
			to, ours := strings.CutPrefix(path, module)
			if !ours {
				if path == "github.com/onsi/ginkgo/v2" && from != "conformance" {
					t.Errorf("%s imports Ginkgo", from)
				}
				continue
			}
			if from == "spec/refserver" && (to == "spec" || to == "spec/strict") || from == "cmd/dfcheck" && to == "spec/refserver" {
				continue
			}
			if !slices.ContainsFunc(mayImport[room(from)], func(r string) bool { return room(to) == r }) {
				t.Errorf("%s imports %s", from, to)
			}
		}
	}
}

// room is the folder whose rules a package follows.
func room(pkg string) string {
	if _, ok := mayImport[pkg]; ok {
		return pkg
	}
	first, _, _ := strings.Cut(pkg, "/")
	return first
}

func TestTopLevel(t *testing.T) {
	entries, err := os.ReadDir("../..")
	if err != nil {
		t.Fatal(err)
	}
	allowed := []string{"cmd", "conformance", "load", "spec", "reports", "testdata", "go.mod", "go.sum", "Makefile", "README.md", "LICENSE", "bin", "dfcheck"}
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), ".") && !slices.Contains(allowed, e.Name()) {
			t.Errorf("%s does not belong at the top level", e.Name())
		}
	}
}
