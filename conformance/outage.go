package conformance

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/dfcheck/dfcheck/reports"
)

// A target that stops is waited for: a request can end a server's process, and
// whoever supervises it starts it again. What was sent when it stopped is the
// finding; what codes were worth that the process held is not asked.

const (
	longestOutage = 30 * time.Second // how long a target may be away
	outageStep    = 500 * time.Millisecond
	// deadAfter is how many requests in a row may get no answer from a target that is
	// there all the same. A race loses many at once; one that times out counts as
	// slowLoss of them.
	deadAfter, slowLoss = 96, 4
)

// outage is what is known of the target's absence. One request waits, and all that
// were lost with it hear what came of it.
type outage struct {
	turn  chan struct{} // to look after the target: holds one, and no lock is held over a wait
	heard time.Duration // when the target was last found there by looking, since the start of the run
	back  time.Duration // when it answered again after it was away
}

// absent reports whether the target was away when x was lost, and answers again. It
// ends the run where it stays away, and where it is there and answers nothing that
// the run asks.
func (s *session) absent(ctx context.Context, x *Exchange) bool {
	s.mu.Lock()
	died := s.died
	s.mu.Unlock()
	if died == nil || ctx.Err() != nil || x.Response != nil {
		return false
	}
	select {
	case s.outage.turn <- struct{}{}:
		defer func() { <-s.outage.turn }()
	case <-ctx.Done():
		return false
	}
	if x.Sent < s.outage.back {
		return true
	}
	slow := x.Received-x.Sent >= s.target.AnswerTimeout()
	if slow && x.Sent < s.outage.heard {
		return false // one of many that were kept waiting together
	}
	n := s.unanswered(slow)
	if slow && n < deadAfter/2 {
		return false
	}
	if s.answers(ctx) {
		s.outage.heard = s.now()
		if n >= deadAfter {
			died(errDied(s.lastAnswered()))
		}
		return false
	}
	for began := s.now(); s.now()-began < longestOutage; {
		if !Sleep(ctx, outageStep) {
			return false
		}
		if s.answers(ctx) {
			s.outage.back = s.now()
			s.returned(x, began)
			return true
		}
	}
	died(errDied(s.lastAnswered()))
	return false
}

// unanswered counts what was lost since the last answer.
func (s *session) unanswered(slow bool) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failures++
	if slow {
		s.failures += slowLoss - 1
	}
	return s.failures
}

// answers reports whether the target says anything at all, on a new connection.
func (s *session) answers(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.target.Host, nil)
	if err != nil {
		return false
	}
	req.Header.Set("User-Agent", "dfcheck")
	req.Close = true
	resp, err := s.client.Do(req)
	if err == nil {
		resp.Body.Close()
	}
	return err == nil
}

// lastAnswered names the last exchange that the target answered.
func (s *session) lastAnswered() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	last := "x0"
	for _, y := range s.all {
		if y.Response != nil {
			last = y.ID
		}
	}
	return last
}

// returned notes what the target stopped at, and which codes say nothing any more:
// those of scenarios that were not over.
func (s *session) returned(x *Exchange, began time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	at := s.fatal(x, began)
	what := "the server stopped"
	ev := Event{At: s.now(), Kind: EventReturned}
	if at != nil {
		what, ev.Scenario, ev.Exchange = fmt.Sprintf("the server stopped at %s (%s)", at.sent(), at.ID), at.Scenario, at.ID
	}
	ev.Detail = fmt.Sprintf("%s and came back after %s", what, Seconds(s.outage.back-began))
	s.events = append(s.events, ev)
	over := map[string]bool{}
	for _, e := range s.events {
		over[e.Scenario] = over[e.Scenario] || e.Kind == EventDone
	}
	told := map[string]bool{}
	for _, y := range s.all {
		if y.Flow != "" && !over[y.Scenario] && !told[y.Flow] {
			told[y.Flow] = true
			s.events = append(s.events, Event{At: s.now(), Scenario: y.Scenario, Flow: y.Flow, Kind: EventLate,
				Detail: ev.Detail + ", and may have forgotten its codes"})
		}
	}
}

// fatal is the request at which the target stopped: the only one that was lost; nil
// where that is not to be told.
func (s *session) fatal(x *Exchange, began time.Duration) *Exchange {
	var lost []*Exchange
	for _, y := range append(slices.Clone(s.all), x) {
		if y.Response == nil && !y.refused() && y.Sent <= began && began-y.Received < time.Second &&
			!slices.Contains(lost, y) {
			lost = append(lost, y)
		}
	}
	if len(lost) != 1 {
		return nil
	}
	return lost[0]
}

// sent is a request in a few words: "TRACE /token".
func (x *Exchange) sent() string {
	where, _, _ := strings.Cut(x.Request.URL, "?")
	if _, after, ok := strings.Cut(where, "://"); ok {
		_, where, _ = strings.Cut(after, "/")
		where = "/" + where
	}
	return x.Request.Method + " " + where
}

// refused reports whether nobody listened, so that the request never arrived.
func (x *Exchange) refused() bool {
	return x.Response == nil && strings.Contains(x.Error, "connection refused")
}

// crashed adds to a check that a request of its scenarios stopped the server. Of
// several checks that read the scenario the first judges it.
func (e *Evidence) crashed(c Check, j *Judgement) {
	for _, ev := range e.Events {
		if ev.Kind != EventReturned || ev.Exchange == "" {
			continue
		}
		owner := slices.IndexFunc(e.checks, func(o Check) bool {
			return !o.Passive && slices.ContainsFunc(o.Reads, func(s *Scenario) bool { return s.Name == ev.Scenario })
		})
		if owner < 0 || e.checks[owner].ID != c.ID {
			continue
		}
		i := slices.IndexFunc(e.Exchanges, func(x *Exchange) bool { return x.ID == ev.Exchange })
		if i < 0 {
			continue
		}
		v, expected := reports.Fail, "the server to go on whatever it is sent"
		alone := slices.ContainsFunc(c.Reads, func(s *Scenario) bool { return s.Name == ev.Scenario && s.Lane >= LaneRisky })
		if !e.Exchanges[i].Provoked || !alone { // it may have been restarted by chance
			v = reports.Inconclusive
		}
		j.worsen(v, ev.Detail)
		j.cite(v, expected, ev.Detail, e.Exchanges[i:i+1])
	}
}

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
		cmd := exec.CommandContext(ctx, c.Restart[0], c.Restart[1:]...)
		// a file, because a pipe would end the server with us, which has it as well
		said, err := os.CreateTemp("", "dfcheck-restart-")
		if err == nil {
			cmd.Stderr = said
			defer os.Remove(said.Name())
			defer said.Close()
		}
		switch err := cmd.Run(); {
		case ctx.Err() == context.DeadlineExceeded:
			return fmt.Errorf("%s took longer than %s%s", c.Restart[0], Seconds(restartTimeout), lastSaid(said))
		case err != nil:
			return fmt.Errorf("%s: %w%s", c.Restart[0], err, lastSaid(said))
		}
		return nil
	}
}

// How much of what a command said is shown, and looked at.
const (
	shownLines  = 3
	shownOfIt   = 600 // characters
	lookedAtEnd = 8 << 10
)

// lastSaid is the end of what a command wrote to standard error, "" for nothing. It may
// be long: what cuts it must not leave a part of a secret.
func lastSaid(f *os.File) string {
	if f == nil {
		return ""
	}
	info, err := f.Stat()
	if err != nil {
		return ""
	}
	end := make([]byte, min(info.Size(), lookedAtEnd))
	n, _ := f.ReadAt(end, info.Size()-int64(len(end)))
	text := string(end[:n])
	if info.Size() > lookedAtEnd { // its first line has lost its beginning
		_, text, _ = strings.Cut(text, "\n")
	}
	apart := func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }
	var lines []string
	for line := range strings.Lines(text) {
		if words := strings.FieldsFunc(line, apart); len(words) > 0 {
			lines = append(lines, strings.Join(words, " "))
		}
	}
	if len(lines) == 0 {
		return ""
	}
	return "; its standard error ends: " + strings.Join(lines[max(0, len(lines)-shownLines):], " / ")
}

// restartUnknown begins the reason why nothing is known of a restart.
const restartUnknown = "whether codes survive a restart is not known: "

// Restart restarts the target and waits until it answers again; false when it does not.
func (s *ScenarioRun) Restart(ctx context.Context) bool {
	if err := s.target.Restart(ctx); err != nil {
		why := []rune(s.Redacted(err.Error()))
		if len(why) > shownOfIt {
			why = append(why[:shownOfIt], '…')
		}
		s.Event(EventStopped, "", restartUnknown+"the server could not be restarted: "+string(why))
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
	s.Event(EventStopped, "", restartUnknown+"the server did not answer within "+Seconds(upWithin)+" of its restart")
	return false
}
