package main

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/dfcheck/dfcheck/conformance"
	"github.com/dfcheck/dfcheck/conformance/approve"
	"github.com/dfcheck/dfcheck/load/profile"
	"github.com/dfcheck/dfcheck/load/threshold"
	"github.com/dfcheck/dfcheck/reports"
	"github.com/dfcheck/dfcheck/spec"
	"github.com/dfcheck/dfcheck/spec/keys"
	"github.com/dfcheck/dfcheck/spec/refserver"
)

// What shells complete: words that dfcheck knows, files of a kind, or nothing.

// flagValues are the values of flags, by their names; those of one command alone by
// its path and the name. Flags of text that are not here take files.
var flagValues = map[string]cobra.CompletionFunc{
	"only": inList(checkWords), "skip": inList(checkWords), "requirements": words(spec.Sets()...), "level": words("MUST",
		"SHOULD", "MAY", "DOC"),
	"fail-on": words("fail", "warning"), "approve": words(approve.Kinds...),
	"client-auth": words(conformance.ClientAuths...),
	"spec":        orFile(append([]string{"auto"}, spec.ContractNames()...), "yaml", "yml", "json"),
	"serve spec":  words(spec.ContractNames()...), "config": files("yaml", "yml"), "waivers": files("yaml", "yml"),
	"profile": orFile(profile.Names(), "yaml", "yml"), "fault": known(faultWords),
	"report": destinations, "report convert to": destinations, "report matrix to": prefixes("html=", "markdown="),
	"report matrix rows": words(matrixRows...), "spec to": words("text", "json"),
	"threshold": prefixes(measureWords()...), "slo": prefixes(measureWords()...),
}

// noValues are flags of text for which there is nothing to complete.
var noValues = []string{"host", "issuer", "device-authorization-endpoint", "token-endpoint", "client-id",
	"client-secret-env",
	"second-client-id", "scope", "user-code", "verification-uri", "verification-uri-complete", "addr", "base-url",
	"allow-host", "path", "limit", "source", "control", "proxy"}

// argumentValues are the arguments of commands, by their paths. Arguments that are not
// here are files.
var argumentValues = map[string]cobra.CompletionFunc{
	"checks show": first(known(checkIDs)), "checks rulings": known(rulingWords),
	"load profiles show":      first(words(profile.Names()...)),
	"config reference":        first(known(func() []string { return keyWords(conformance.ConfigKeys()) })),
	"load profiles reference": first(known(func() []string { return keyWords(profile.Keys()) })),
	"spec":                    first(orFile(spec.ContractNames(), "yaml", "yml", "json")),
	"waivers check":           files("yaml", "yml"), "report show": files("json"), "report convert": files("json"),
	"report compare": files("json"), "report matrix": files("json"), "help": commandWords,
}

// addCompletions gives c, and all commands below it, what shells complete.
func addCompletions(c *cobra.Command) {
	_, path, _ := strings.Cut(c.CommandPath(), " ")
	c.LocalNonPersistentFlags().VisitAll(func(f *pflag.Flag) {
		complete := flagValues[strings.TrimSpace(path+" "+f.Name)]
		if complete == nil {
			complete = flagValues[f.Name]
		}
		if complete == nil && (slices.Contains(noValues, f.Name) || !strings.HasPrefix(f.Value.Type(), "string")) {
			complete = cobra.NoFileCompletions
		}
		if complete != nil {
			_ = c.RegisterFlagCompletionFunc(f.Name, complete) // it fails for a flag that has one
		}
	})
	if complete := argumentValues[path]; complete != nil {
		c.ValidArgsFunction = complete
	} else if !strings.Contains(c.Use, " ") {
		c.ValidArgsFunction = cobra.NoFileCompletions
	}
	for _, sub := range c.Commands() {
		addCompletions(sub)
	}
}

// words are all that a value can be.
func words(all ...string) cobra.CompletionFunc {
	return cobra.FixedCompletions(all, cobra.ShellCompDirectiveNoFileComp|cobra.ShellCompDirectiveKeepOrder)
}

// known are words that take a moment to find.
func known(all func() []string) cobra.CompletionFunc {
	return func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return all(), cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveKeepOrder
	}
}

// files are those with one of the extensions, and folders.
func files(extensions ...string) cobra.CompletionFunc {
	return cobra.FixedCompletions(extensions, cobra.ShellCompDirectiveFilterFileExt)
}

// orFile are words, and files with one of the extensions where what was typed begins
// none of them.
func orFile(all []string, extensions ...string) cobra.CompletionFunc {
	return func(_ *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
		begins := func(word string) bool { return strings.HasPrefix(word, typed) }
		if !slices.ContainsFunc(all, begins) {
			return extensions, cobra.ShellCompDirectiveFilterFileExt
		}
		return all, cobra.ShellCompDirectiveDefault
	}
}

// prefixes are words that more is written behind.
func prefixes(all ...string) cobra.CompletionFunc {
	return func(_ *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
		if strings.Contains(typed, "=") {
			return nil, cobra.ShellCompDirectiveDefault // a file
		}
		return all, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
	}
}

// destinations are formats of reports, each for FORMAT=PATH.
func destinations(c *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
	var all []string
	for _, name := range reports.FormatsFor("") {
		all = append(all, name+"=")
	}
	return prefixes(all...)(c, args, typed)
}

// inList completes the last word of a list with commas.
func inList(all func() []string) cobra.CompletionFunc {
	return func(_ *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
		before := typed[:strings.LastIndexByte(typed, ',')+1]
		var out []string
		for _, word := range all() {
			out = append(out, before+word)
		}
		return out, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
	}
}

// first completes the first argument alone.
func first(complete cobra.CompletionFunc) cobra.CompletionFunc {
	return func(c *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
		if len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return complete(c, args, typed)
	}
}

// commandWords are the commands below those that are named.
func commandWords(c *cobra.Command, args []string, _ string) (out []string, _ cobra.ShellCompDirective) {
	at, _, err := c.Root().Find(args)
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	for _, sub := range at.Commands() {
		if sub.IsAvailableCommand() {
			out = append(out, cobra.CompletionWithDesc(sub.Name(), sub.Short))
		}
	}
	return out, cobra.ShellCompDirectiveNoFileComp
}

// The words themselves, with what they are about.

func checkIDs() (out []string) {
	for _, r := range spec.Catalogue() {
		out = append(out, cobra.CompletionWithDesc(r.ID, r.Title))
	}
	return out
}

func checkWords() (out []string) {
	for _, g := range spec.Groups() {
		out = append(out, cobra.CompletionWithDesc(g, spec.GroupTitle(g)))
	}
	return append(out, checkIDs()...)
}

func rulingWords() []string { return slices.Concat(spec.Rulings(), spec.Conventions()) }

func faultWords() (out []string) {
	for _, f := range refserver.AllFaults() {
		out = append(out, cobra.CompletionWithDesc(f.Name, f.Doc))
	}
	return out
}

func keyWords(all []keys.Key) (out []string) {
	for _, k := range keys.Flat(all) {
		out = append(out, cobra.CompletionWithDesc(k.Path, k.About))
	}
	return out
}

func measureWords() (out []string) {
	for _, m := range threshold.Measures() {
		out = append(out, cobra.CompletionWithDesc(m.Name, m.About))
	}
	return out
}
