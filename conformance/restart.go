package conformance

import (
	"context"
	"fmt"
	"net/http"
	"os/exec"
	"strings"
	"time"
)

// TargetConfig is what can be done to the server itself.
type TargetConfig struct {
	Restart []string `yaml:"restart"` // a command that ends when the server was restarted
}

// Form is how the target is written.
func (TargetConfig) Form() string { return `{restart: ["./restart.sh"]}` }

// The time that a restart may take: the command, and then the server until it answers.
const (
	restartTimeout = time.Minute
	upWithin       = 30 * time.Second
	upEvery        = 500 * time.Millisecond
)

// restarter runs the command, whose children stay: the server is among them. It is nil
// where there is none.
func (c TargetConfig) restarter() func(context.Context) error {
	if len(c.Restart) == 0 {
		return nil
	}
	return func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, restartTimeout)
		defer cancel()
		err := exec.CommandContext(ctx, c.Restart[0], c.Restart[1:]...).Run()
		if ctx.Err() == context.DeadlineExceeded {
			return fmt.Errorf("%s took longer than %s", c.Restart[0], Seconds(restartTimeout))
		}
		if err != nil {
			return fmt.Errorf("%s: %w", c.Restart[0], err)
		}
		return nil
	}
}

// Commands are the programs of this machine that a run with this configuration starts,
// each with the key that names it.
func (c *Config) Commands() (out []string) {
	add := func(key string, words ...string) {
		if len(words) > 0 && words[0] != "" {
			out = append(out, key+": "+strings.Join(words, " "))
		}
	}
	switch c.Approve.Kind {
	case "exec":
		add("approve.approve", c.Approve.Approve.Command...)
		add("approve.deny", c.Approve.Deny.Command...)
	case "browser":
		add("approve.browser", c.Approve.Browser)
	}
	add("target.restart", c.Server.Restart...)
	return out
}

// Restart restarts the target and waits until it answers again; false when it does not.
func (s *ScenarioRun) Restart(ctx context.Context) bool {
	if err := s.target.Restart(ctx); err != nil {
		s.Event(EventStopped, "", "the server could not be restarted: "+err.Error())
		return false
	}
	client := s.target.HTTPClient()
	client.Timeout = upEvery * 4
	defer client.CloseIdleConnections()
	for end := s.now() + upWithin; s.now() < end && ctx.Err() == nil; Sleep(ctx, upEvery) {
		resp, err := client.Get(s.target.Host)
		if err != nil {
			continue
		}
		resp.Body.Close()
		if resp.StatusCode < http.StatusBadGateway || resp.StatusCode > http.StatusGatewayTimeout {
			return true
		}
	}
	s.Event(EventStopped, "", "the server did not answer within "+Seconds(upWithin)+" of its restart")
	return false
}
