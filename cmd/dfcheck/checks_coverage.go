package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/dfcheck/dfcheck/spec"
)

// coveredSentence is a sentence of a standard as JSON.
type coveredSentence struct {
	Standard string   `json:"standard"`
	At       string   `json:"at"`
	Level    string   `json:"level"`
	Says     string   `json:"says"`
	Checks   []string `json:"checks,omitempty"`
	Excluded string   `json:"excluded,omitempty"`
}

func newCoverage(t terminal) *cobra.Command {
	var asJSON, open bool
	c := &cobra.Command{
		Use: "coverage", Short: "List what the standards ask of a server, and the checks that hold it to that",
		Args: cobra.NoArgs,
		Long: `Lists each sentence of RFC 8628, of the sections of RFC 6749 that it builds on, of
RFC 8414 and of RFC 10027 that asks something of a server, in our words: with the
checks that hold a server to it, or the reason why none does.`,
		Example: "  dfcheck checks coverage\n  dfcheck checks coverage --excluded",
		RunE: func(*cobra.Command, []string) error {
			if asJSON {
				return printJSON(t.out, coveredSentences(open))
			}
			return printCoverage(t.out, open)
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "as JSON")
	c.Flags().BoolVar(&open, "excluded", false, "only the sentences that no check holds a server to")
	return c
}

func coveredSentences(excluded bool) []coveredSentence {
	out := []coveredSentence{}
	for _, s := range spec.Sentences() {
		if !excluded || s.Excluded != "" {
			out = append(out, coveredSentence(s))
		}
	}
	return out
}

// printCoverage prints the sentences by standard, and how many there are of each.
func printCoverage(w io.Writer, excluded bool) error {
	all := coveredSentences(false)
	for _, standard := range spec.Standards {
		of := slices.DeleteFunc(slices.Clone(all), func(s coveredSentence) bool { return s.Standard != standard })
		out := slices.DeleteFunc(slices.Clone(of), func(s coveredSentence) bool { return s.Excluded == "" })
		fmt.Fprintf(w, "%s: %d sentences, %d with checks, %d excluded, none without either\n", standard, len(of),
			len(of)-len(out), len(out))
		if excluded {
			of = out
		}
		for _, s := range of {
			to := strings.Join(s.Checks, " ")
			if s.Excluded != "" {
				to = "excluded: " + s.Excluded
			}
			fmt.Fprintf(w, "  %s (%s)\n%s\n%s\n", s.At, s.Level, wrap(s.Says, 96), wrap(to, 96))
		}
		if _, err := fmt.Fprintln(w); err != nil {
			return err
		}
	}
	return nil
}

// sentencesOf are those of a check, for its explanation.
func sentencesOf(id string) string {
	var b strings.Builder
	for _, s := range spec.SentencesOf(id) {
		fmt.Fprintf(&b, "%s section %s (%s)\n%s\n", s.Standard, s.At, s.Level, wrap(s.Says, 78))
	}
	if b.Len() == 0 {
		return ""
	}
	return "\nSentences\n" + b.String()
}
