package approve

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"
	"unicode"
)

// Exec runs a command for each decision. Exit status 0 is accepted, 1 refused by
// the server, 2 not supported; any other means that nobody could be asked. The
// reason is the last line of standard error, or of standard output where that is
// empty.
type Exec struct {
	host          string
	approve, deny []string
}

// Powers: it types any code.
func (e *Exec) Powers() Powers { return Powers{RawCodes: true} }

// The limit on what a command may take and say.
const (
	execTimeout = time.Minute
	maxSaid     = 300
)

// Decide runs the command of the decision.
func (e *Exec) Decide(ctx context.Context, v Verification, d Decision) error {
	words := e.approve
	if d == Deny {
		words = e.deny
	}
	if len(words) == 0 || v.User != "" {
		return ErrUnsupported
	}
	values := placeholders(e.host, v, d)
	args := make([]string, len(words))
	for i, w := range words {
		args[i] = fill(w, values, func(s string) string { return s })
		if args[i] != w && !harmless(args[i]) {
			return fmt.Errorf("the server's value for %s could be taken for an option or has control characters; read it from "+
				"the environment instead", w)
		}
	}
	ctx, cancel := context.WithTimeout(ctx, execTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Env = append(os.Environ(), environment(values)...)
	endWithChildren(cmd)
	cmd.WaitDelay = 2 * time.Second
	var said, told bytes.Buffer
	cmd.Stderr, cmd.Stdout = &said, &told
	err := cmd.Run()
	reason := cmp.Or(lastLine(said.String()), lastLine(told.String()))
	exit, failed := errors.AsType[*exec.ExitError](err)
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return fmt.Errorf("%s took longer than %s", args[0], execTimeout)
	case failed && exit.ExitCode() == 1:
		return &RefusedError{Answer: reason}
	case failed && exit.ExitCode() == 2:
		return ErrUnsupported
	case failed && exit.ExitCode() < 0:
		return fmt.Errorf("%s was ended (%s)", args[0], exit)
	case failed:
		return fmt.Errorf("%s ended with status %d: %s", args[0], exit.ExitCode(), reason)
	}
	return err
}

// harmless reports whether a word cannot be an option and holds no control
// characters: parts of it were made by the server.
func harmless(word string) bool {
	return !strings.HasPrefix(word, "-") && !strings.ContainsFunc(word, unicode.IsControl)
}

func environment(values map[string]string) []string {
	var out []string
	for name, value := range values {
		if !strings.ContainsRune(value, 0) {
			out = append(out, "DFCHECK_"+strings.ToUpper(strings.Trim(name, "{}"))+"="+value)
		}
	}
	return out
}

// lastLine is the last thing a command said, cut and cleaned.
func lastLine(s string) string {
	s = strings.TrimSpace(s)
	if i := strings.LastIndexByte(s, '\n'); i >= 0 {
		s = s[i+1:]
	}
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, s)
	return s[:min(len(s), maxSaid)]
}
