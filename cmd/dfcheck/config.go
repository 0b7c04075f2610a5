package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/dfcheck/dfcheck/conformance"
	"github.com/dfcheck/dfcheck/spec/keys"
)

func newConfig(t terminal) *cobra.Command {
	c := &cobra.Command{
		Use: "config", Short: "Explain the keys of dfcheck.yaml",
		Example: "  dfcheck config reference\n  dfcheck config reference client\n  dfcheck config schema > " +
			"dfcheck.schema.json",
	}
	c.AddCommand(
		newReference(t, configReference, conformance.ConfigKeys, "dfcheck config reference", "client"),
		newSchema(t, conformance.ConfigSchema, "dfcheck.yaml", "  dfcheck config schema > dfcheck.schema.json"))
	return c
}

// Of which file a reference is.
const (
	configReference = `dfcheck.yaml: what is known of a server. It is read from the current folder, or
named with --config. Every key is optional. A value may hold ${NAME}, which stands
for a variable of the environment. Times are written as 90s or 3m.`

	profileReference = `Profiles of load runs, named with --profile. Every key is optional. Times are
written as 90s or 3m.`
)

// newReference explains the keys of a file.
func newReference(t terminal, about string, all func() []keys.Key, path, key string) *cobra.Command {
	return &cobra.Command{
		Use: "reference [KEY]", Short: "Print every key with its type, default, meaning and an example",
		Args:    cobra.MaximumNArgs(1),
		Long:    "Prints what the keys mean, or one of them with those below it.",
		Example: fmt.Sprintf("  %s\n  %s %s", path, path, key),
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				once := slices.DeleteFunc(keys.Flat(all()), func(k keys.Key) bool { return k.Again })
				_, err := fmt.Fprintf(t.out, "%s\n\n%s", about, reference(once))
				return err
			}
			k, err := keys.Find(all(), args[0])
			if err != nil {
				return usage(err, "`"+path+"` lists them")
			}
			_, err = io.WriteString(t.out, reference(keys.Flat([]keys.Key{k})))
			return err
		},
	}
}

func newSchema(t terminal, schema func() []byte, file, example string) *cobra.Command {
	return &cobra.Command{
		Use: "schema", Short: "Print the JSON Schema of " + file + ", by which editors complete it", Args: cobra.NoArgs,
		Example: example,
		RunE:    func(*cobra.Command, []string) error { _, err := t.out.Write(schema()); return err },
	}
}

// reference is what keys mean.
func reference(list []keys.Key) string {
	var b strings.Builder
	for i, k := range list {
		if i > 0 {
			b.WriteByte('\n')
		}
		fmt.Fprintf(&b, "%s  (%s)\n%s\n", k.Path, k.Type, wrap(k.About, 78))
		for _, l := range []struct{ name, text string }{
			{"default", k.Default}, {"example", k.Written(k.Example)}, {"old name", k.Was}, {"keys", likeOf(k)},
		} {
			if l.text != "" {
				fmt.Fprintf(&b, "  %s: %s\n", l.name, l.text)
			}
		}
	}
	return b.String()
}

// likeOf says whose keys a key has.
func likeOf(k keys.Key) string {
	if len(k.Like) == 0 {
		return ""
	}
	return "those of " + strings.Join(k.Like, " and ")
}

// configHint is for a configuration that cannot be read.
const configHint = "`dfcheck config reference` explains every key; " +
	"`dfcheck init --host URL -o -` prints a configuration for a server, with comments"

// loadHint is for flags or a profile that a load command cannot run with.
func loadHint(command string) string {
	return "`" + command + " --help` lists the flags, `dfcheck load profiles` the profiles; " +
		"`dfcheck load profiles reference` explains their keys"
}
