package kubernetes

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"slices"
	"strings"
	"time"
)

// Cluster is reached by the site's own kubectl, with its credentials.
type Cluster struct {
	Kubectl string   // the program: a name in PATH, or a file
	Flags   []string // that every call gets: --context, --namespace
}

// A CommandError is a call of kubectl that failed.
type CommandError struct {
	Call string // kubectl create
	Said string // its standard error
	Err  error
}

func (e *CommandError) Error() string {
	if e.Said != "" {
		return e.Call + ": " + e.Said
	}
	return e.Call + ": " + e.Err.Error()
}

func (e *CommandError) Unwrap() error { return e.Err }

// run calls kubectl and returns its standard output. Its error is CommandError.
func (c Cluster) run(ctx context.Context, input []byte, args ...string) ([]byte, error) {
	cmd := c.command(ctx, args...)
	var out, said bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(input), &out, &said
	err := cmd.Run()
	return out.Bytes(), c.explain(err, said.String(), args)
}

func (c Cluster) command(ctx context.Context, args ...string) *exec.Cmd {
	return exec.CommandContext(ctx, c.Kubectl, append(slices.Clone(c.Flags), args...)...)
}

// stream calls kubectl and lets read take what it prints, while it prints it. ofCall is
// the error of the call itself, ofRead that of read.
func (c Cluster) stream(ctx context.Context, read func(io.Reader) error, args ...string) (ofCall, ofRead error) {
	cmd := c.command(ctx, args...)
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err, nil
	}
	if err := cmd.Start(); err != nil {
		return c.explain(err, "", args), nil
	}
	ofRead = read(out)
	return c.explain(cmd.Wait(), said.String(), args), ofRead
}

func (c Cluster) explain(err error, said string, args []string) error {
	if err == nil {
		return nil
	}
	lines := strings.Split(strings.TrimSpace(said), "\n")
	return &CommandError{Call: "kubectl " + args[0], Said: strings.TrimPrefix(lines[len(lines)-1], "error: "), Err: err}
}

// outage is how long a cluster may be out of reach while a run is followed. The run
// itself goes on without it.
const outage = time.Minute

// watch calls kubectl get --watch and hands out the objects that it prints, until
// ctx ends. A server ends a watch now and then, and another one begins, with all
// objects at first.
func watch[T any](ctx context.Context, c Cluster, each func(event string, object T), args ...string) error {
	args = append([]string{"get", "--watch", "--output-watch-events", "-o", "json"}, args...)
	var seen time.Time
	for {
		n, err := watchOnce(ctx, c, each, args)
		if n > 0 {
			seen = time.Now()
		}
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil && time.Since(seen) > outage:
			return err
		}
		select {
		case <-ctx.Done():
		case <-time.After(time.Second):
		}
	}
}

func watchOnce[T any](ctx context.Context, c Cluster, each func(string, T), args []string) (n int, err error) {
	err, _ = c.stream(ctx, func(out io.Reader) error {
		for d := json.NewDecoder(out); ; n++ {
			var event struct {
				Type   string
				Object T
			}
			if d.Decode(&event) != nil {
				return nil // the end, or a line that was cut off
			}
			each(event.Type, event.Object)
		}
	}, args...)
	return n, err
}

// Found returns an error that says so when there is no kubectl.
func (c Cluster) Found() error {
	_, err := exec.LookPath(c.Kubectl)
	if errors.Is(err, exec.ErrNotFound) {
		return fmt.Errorf("%s is not in PATH", c.Kubectl)
	}
	return err
}
