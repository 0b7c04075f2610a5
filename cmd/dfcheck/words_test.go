package main

import (
	"io"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// every calls f with each command of the tree.
func every(c *cobra.Command, f func(*cobra.Command)) {
	f(c)
	for _, sub := range c.Commands() {
		every(sub, f)
	}
}

// TestEveryCommandRefusesUnknownWords calls every command with a word and a flag
// that none has: no command may end well, whatever group it is in.
func TestEveryCommandRefusesUnknownWords(t *testing.T) {
	silent := terminal{in: strings.NewReader(""), out: io.Discard, err: io.Discard}
	every(newRoot(silent), func(c *cobra.Command) {
		path := strings.Fields(c.CommandPath())[1:]
		words := [][]string{{"--no-such-flag"}}
		if c.HasSubCommands() || !strings.Contains(c.Use, " ") {
			words = append(words, []string{"no-such-word"})
		}
		for _, word := range words {
			args := append(append([]string{}, path...), word...)
			if code := execute(t.Context(), args, silent); code != 2 {
				t.Errorf("dfcheck %s: exit code %d, want 2", strings.Join(args, " "), code)
			}
		}
	})
}

// TestEveryTextFlagRefusesNothing gives every flag that takes text an empty value
// and a blank one: a variable that is not set must not stand for a default.
func TestEveryTextFlagRefusesNothing(t *testing.T) {
	var stderr strings.Builder
	silent := terminal{in: strings.NewReader(""), out: io.Discard, err: &stderr}
	every(newRoot(silent), func(c *cobra.Command) {
		path := strings.Fields(c.CommandPath())[1:]
		for range strings.Fields(strings.TrimPrefix(c.Use, c.Name())) {
			path = append(path, "an-argument")
		}
		c.Flags().VisitAll(func(f *pflag.Flag) {
			if _, list := f.Value.(pflag.SliceValue); !list && f.Value.Type() != "string" {
				return
			}
			for _, nothing := range []string{"", " \t"} {
				args := append(append([]string{}, path...), "--"+f.Name, nothing)
				stderr.Reset()
				if code := execute(t.Context(), args, silent); code != 2 ||
					!strings.Contains(stderr.String(), "--"+f.Name+" is empty") {
					t.Errorf("dfcheck %q: exit code %d, %s", args, code, stderr.String())
				}
			}
		})
	})
}

// TestFlagsNameTheirValues: pflag takes the first words in backquotes for the name
// of a flag's value.
func TestFlagsNameTheirValues(t *testing.T) {
	every(newRoot(terminal{}), func(c *cobra.Command) {
		c.Flags().VisitAll(func(f *pflag.Flag) {
			if name, _ := pflag.UnquoteUsage(f); strings.Contains(name, " ") {
				t.Errorf("%s --%s takes %q", c.CommandPath(), f.Name, name)
			}
		})
	})
}

// TestGroupLine: a group of one has one check, and its line stands like the others.
func TestGroupLine(t *testing.T) {
	for checks, want := range map[int]string{1: "DOC        1 check   ", 2: "DOC        2 checks  "} {
		if got := groupLine("DOC", checks); !strings.HasPrefix(got, want) {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
