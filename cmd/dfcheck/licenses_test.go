package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// A dependency is a module of which something is in the program.
type dependency struct{ path, version, dir string }

// dependencies of dfcheck, on any of the systems that it is built for.
func dependencies(t *testing.T) []dependency {
	t.Helper()
	seen := map[string]dependency{}
	for _, system := range []string{"linux", "darwin", "windows", "freebsd"} {
		cmd := exec.Command("go", "list", "-deps", "-f", "{{with .Module}}{{.Path}} {{.Version}} {{.Dir}}{{end}}", ".")
		cmd.Env = append(os.Environ(), "GOOS="+system, "GOARCH=amd64", "CGO_ENABLED=0")
		cmd.Stderr = os.Stderr
		out, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(out)) {
			if words := strings.Fields(line); len(words) == 3 { // dfcheck itself has no version
				seen[words[0]] = dependency{words[0], words[1], words[2]}
			}
		}
	}
	var all []dependency
	for _, d := range seen {
		all = append(all, d)
	}
	slices.SortFunc(all, func(a, b dependency) int { return strings.Compare(a.path, b.path) })
	return all
}

// licenses that a program under the MIT license may hold, by a sentence that only they
// have.
var licenses = []struct{ name, words string }{
	{"Apache-2.0", "apache license version 2.0"},
	{"BSD-3-Clause", "neither the name of"},
	{"BSD-2-Clause", "redistributions in binary form must reproduce"},
	{"ISC", "permission to use, copy, modify, and/or distribute this software for any purpose"},
	{"ISC", "permission to use, copy, modify, and distribute this software for any purpose"},
	{"MIT", "permission is hereby granted, free of charge, to any person obtaining a copy"},
	{"Unlicense", "this is free and unencumbered software released into the public domain"},
}

var spaces = regexp.MustCompile(`[\s,]+`)

// licensed is the license of a text, empty when it is none of those.
func licensed(text string) string {
	plain := spaces.ReplaceAllString(strings.ToLower(text), " ")
	for _, l := range licenses {
		if strings.Contains(plain, spaces.ReplaceAllString(l.words, " ")) {
			return l.name
		}
	}
	return ""
}

// texts are the license files of a module, and its notices.
func texts(t *testing.T, d dependency) (all []string) {
	t.Helper()
	entries, err := os.ReadDir(d.dir)
	if err != nil {
		t.Fatal(err)
	}
	named := regexp.MustCompile(`(?i)^(licen[cs]e|copying|notice|unlicense)([.-].*)?$`)
	for _, e := range entries {
		if e.Type().IsRegular() && named.MatchString(e.Name()) && !strings.HasSuffix(e.Name(), ".go") {
			text, err := os.ReadFile(filepath.Join(d.dir, e.Name()))
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, strings.TrimSpace(strings.ReplaceAll(string(text), "\r", "")))
		}
	}
	return all
}

// TestLicenses: the license of each module in the program is known, goes with that of
// dfcheck, and is in the file that the packages ship.
func TestLicenses(t *testing.T) {
	var file bytes.Buffer
	fmt.Fprint(&file, "dfcheck holds code of these modules. Their licenses follow.\n\n")
	var long bytes.Buffer
	for _, d := range dependencies(t) {
		all := texts(t, d)
		var names []string
		for _, text := range all {
			if name := licensed(text); name != "" && !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
		if len(names) == 0 {
			t.Errorf("%s has no license that is known to go with dfcheck's; look at %s", d.path, d.dir)
			continue
		}
		fmt.Fprintf(&file, "%s %s: %s\n", d.path, d.version, strings.Join(names, ", "))
		fmt.Fprintf(&long, "\n%s\n%s\n\n%s\n", strings.Repeat("=", 80), d.path, strings.Join(all, "\n\n"))
	}
	file.Write(long.Bytes())
	golden := "notices.txt"
	if *update {
		if err := os.WriteFile(golden, file.Bytes(), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if had, err := os.ReadFile(golden); err != nil || !bytes.Equal(had, file.Bytes()) {
		t.Errorf("%s is not that of go.mod: go test ./cmd/dfcheck -run TestLicenses -update; %v", golden, err)
	}
	packed, err := os.ReadFile("../../.goreleaser.yaml")
	if n := bytes.Count(packed, []byte("src: cmd/dfcheck/"+golden)); err != nil || n != 4 {
		t.Errorf("the archives and three packages ship %s; .goreleaser.yaml names it %d times, %v", golden, n, err)
	}
}

// A license that asks for more than a notice is not taken for one of those.
func TestLicensed(t *testing.T) {
	for text, want := range map[string]string{
		"GNU GENERAL PUBLIC LICENSE\nVersion 3, 29 June 2007":                          "",
		"Mozilla Public License Version 2.0":                                           "",
		"Apache License\n   Version 2.0, January 2004":                                 "Apache-2.0",
		"Permission is hereby granted, free of charge, to any person obtaining a copy": "MIT",
	} {
		if got := licensed(text); got != want {
			t.Errorf("%q is taken for %q, not %q", text, got, want)
		}
	}
}
