package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/dfcheck/dfcheck/spec/strict"
)

// What a command line may say. The rules hold for every command of the tree, so
// that none can end with exit code 0 because it did not understand its words.

// strictWords makes c and all commands below it refuse words they do not know.
func strictWords(c *cobra.Command) {
	for _, sub := range c.Commands() {
		strictWords(sub)
	}
	if c.HasSubCommands() {
		c.Args = unknownCommand
		if !c.Runnable() {
			c.RunE = withoutCommand
		}
		return
	}
	if c.Args != nil {
		c.Args = explainedArgs(c.Args)
	}
}

// unknownCommand refuses a word where one of c's commands is expected.
func unknownCommand(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	of := ""
	if c.HasParent() {
		of = fmt.Sprintf(" for %q", c.CommandPath())
	}
	return usage(fmt.Errorf("unknown command %q%s; the nearest is %q", args[0], of, nearestCommand(c, args[0])),
		fmt.Sprintf("`%s --help` lists the commands", c.CommandPath()))
}

// withoutCommand is a group of commands called alone: the root shows its help,
// every other one was to do something and did nothing.
func withoutCommand(c *cobra.Command, _ []string) error {
	if !c.HasParent() {
		return c.Help()
	}
	return usage(fmt.Errorf("%s needs a command: %s", c.CommandPath(), strings.Join(commandNames(c), ", ")),
		fmt.Sprintf("`%s --help` explains them", c.CommandPath()))
}

// nearestCommand is the command that is called word elsewhere, or spelled most like it.
func nearestCommand(c *cobra.Command, word string) string {
	for _, sub := range c.Commands() {
		if slices.Contains(sub.SuggestFor, strings.ToLower(word)) {
			return sub.Name()
		}
	}
	return strict.Nearest(word, commandNames(c))
}

func commandNames(c *cobra.Command) (names []string) {
	for _, sub := range c.Commands() {
		if sub.IsAvailableCommand() || sub.Name() == "help" {
			names = append(names, sub.Name())
		}
	}
	return names
}

// explainedArgs gives the rule of a command for its arguments errors in words.
func explainedArgs(rule cobra.PositionalArgs) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if err := rule(c, args); err != nil {
			return wrongArgs(c, args)
		}
		if slices.ContainsFunc(args, blank) {
			return usage(fmt.Errorf("an argument is empty: %s %s", c.CommandPath(), strings.TrimPrefix(c.Use, c.Name()+" ")),
				"is a shell variable not set?")
		}
		return nil
	}
}

func wrongArgs(c *cobra.Command, args []string) error {
	_, wanted, _ := strings.Cut(c.Use, " ")
	if wanted == "" {
		hint := fmt.Sprintf("`%s --help` shows its flags", c.CommandPath())
		if c.Flags().Lookup("host") != nil {
			hint = "--host names the server; " + hint
		}
		return usage(fmt.Errorf("%s takes no arguments, and was given %q", c.CommandPath(), args[0]), hint)
	}
	need := len(strings.Fields(strings.TrimSuffix(wanted, " ...")))
	want := fmt.Sprintf("it takes %d arguments", need)
	if need == 1 {
		want = "it takes 1 argument"
	}
	if strings.HasSuffix(wanted, "...") {
		want += " or more"
	}
	given := "none"
	if len(args) > 0 {
		given = fmt.Sprint(len(args))
	}
	return usage(fmt.Errorf("%s %s: %s, and got %s", c.CommandPath(), wanted, want, given),
		fmt.Sprintf("`%s --help` shows an example", c.CommandPath()))
}

// strictHelp answers `dfcheck help WORDS`, where an unknown word is an error too.
func strictHelp() *cobra.Command {
	return &cobra.Command{
		Use: "help [COMMAND]", Short: "Show the help of a command", Example: "  dfcheck help report compare",
		RunE: func(c *cobra.Command, args []string) error {
			at, rest, err := c.Root().Find(args)
			if err != nil {
				return err
			}
			if len(rest) > 0 && (at.HasSubCommands() || at == c.Root()) {
				return unknownCommand(at, rest)
			}
			at.InitDefaultHelpFlag()
			return at.Help()
		},
	}
}

// flagError says what is wrong with a flag: the nearest known one, or what kind
// of value it takes.
func flagError(c *cobra.Command, err error) error {
	hint := fmt.Sprintf("`%s --help` lists the flags", c.CommandPath())
	if _, ok := errors.AsType[*pflag.NotExistError](err); ok && strings.HasPrefix(err.Error(), "unknown flag: --") {
		var known []string
		c.Flags().VisitAll(func(f *pflag.Flag) { known = append(known, f.Name) })
		name := strings.TrimPrefix(err.Error(), "unknown flag: --")
		return usage(fmt.Errorf("%w; the nearest is --%s", err, strict.Nearest(name, known)), hint)
	}
	if bad, ok := errors.AsType[*pflag.InvalidValueError](err); ok {
		f := bad.GetFlag()
		takes := valueKinds[f.Value.Type()]
		if q, ok := f.Value.(interface{ takes() string }); ok {
			takes = q.takes()
		}
		if takes != "" {
			return usage(fmt.Errorf("--%s is %q; it takes %s", f.Name, bad.GetValue(), takes), hint)
		}
	}
	return usage(err, hint)
}

// valueKinds are the types of flags, in words.
var valueKinds = map[string]string{
	"int": "a whole number", "uint64": "a whole number that is not negative", "float64": "a number",
	"duration": "a time such as 90s or 3m", "bool": "true or false", "stringToString": "NAME=VALUE",
}

// noBlankFlags refuses flags that were given without a value: an empty value is
// most often a variable that is not set, and must not stand for the default.
func noBlankFlags(c *cobra.Command, _ []string) error {
	var errs []error
	c.Flags().Visit(func(f *pflag.Flag) {
		if blankFlag(f) {
			errs = append(errs, fmt.Errorf("--%s is empty", f.Name))
		}
	})
	return usage(errors.Join(errs...), "give it a value, or leave the flag out; is a shell variable not set?")
}

// blankFlag reports whether a flag that takes text holds none. In a list that is
// written with commas (--only) blank elements are left out, not refused.
func blankFlag(f *pflag.Flag) bool {
	list, ok := f.Value.(pflag.SliceValue)
	switch {
	case !ok:
		return f.Value.Type() == "string" && blank(f.Value.String())
	case f.Value.Type() == "stringSlice":
		return !slices.ContainsFunc(list.GetSlice(), func(v string) bool { return !blank(v) })
	}
	return slices.ContainsFunc(list.GetSlice(), blank)
}

func blank(s string) bool { return strings.TrimSpace(s) == "" }
