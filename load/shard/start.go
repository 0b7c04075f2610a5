package shard

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/dfcheck/dfcheck/load"
	"github.com/dfcheck/dfcheck/load/digests"
)

// When is the instant at which the shards of a run start: a time, or a file that
// will tell it.
type When struct {
	At      time.Time
	File    string        // "" when the time is known
	Timeout time.Duration // for the file
	Seed    uint64        // of the crowd
}

// DefaultTimeout is how long a start file is waited for.
const DefaultTimeout = 10 * time.Minute

// ParseWhen reads a time, RFC 3339 or in seconds since 1970, or the name of a file.
// Its error is that of a time that was mistyped.
func ParseWhen(text string) (When, error) {
	at, err := parseTime(text)
	switch {
	case err == nil:
		return When{At: at}, nil
	case likeTime.MatchString(text):
		return When{}, fmt.Errorf("start %q is no time: write it as %s, or in seconds since 1970", text,
			time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC).Format(time.RFC3339))
	}
	return When{File: text}, nil
}

// likeTime is what nobody calls a file.
var likeTime = regexp.MustCompile(`^\d+$|^\d{4}-\d{2}-\d{2}`)

func parseTime(text string) (time.Time, error) {
	if seconds, err := strconv.ParseInt(text, 10, 64); err == nil {
		if seconds < 1e9 || seconds > 1e11 {
			return time.Time{}, errors.New("no seconds since 1970")
		}
		return time.Unix(seconds, 0), nil
	}
	return time.Parse(time.RFC3339, text)
}

// A Late error says that the start instant had passed.
type Late struct {
	At time.Time
	By time.Duration
}

func (e *Late) Error() string {
	return fmt.Sprintf("the start instant %s has passed %s ago; the other shards run without this one",
		e.At.Format(time.RFC3339Nano), e.By.Round(time.Millisecond))
}

// A NoStart error says that no start instant was told in time.
type NoStart struct{ Problem string }

func (e *NoStart) Error() string { return e.Problem }

// Wait returns at the start instant. Its errors are Late, NoStart and that of a ctx
// that ended.
func (w When) Wait(ctx context.Context) (load.Start, error) {
	start := load.Start{At: w.At, Key: digests.NewKey(w.publicKey(w.At))}
	if w.File != "" {
		var err error
		if start, err = w.read(ctx); err != nil {
			return load.Start{}, err
		}
	}
	if err := waitUntil(ctx, start.At, time.Now); err != nil {
		return load.Start{}, err
	}
	return start, nil
}

// waitUntil returns when the clock of this machine shows an instant: where it is set back
// meanwhile, the wait goes on.
func waitUntil(ctx context.Context, at time.Time, clock func() time.Time) error {
	ahead := at.Sub(clock())
	if ahead < 0 {
		return &Late{at, -ahead}
	}
	for ; ahead > 0; ahead = at.Sub(clock()) {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(ahead):
		}
	}
	if -ahead > overslept { // a process that was stopped wakes up later; or the clock was set ahead
		return &Late{at, -ahead}
	}
	return nil
}

// overslept is how much later than the instant a process may wake up.
const overslept = time.Second

// publicKey is what all shards know that are told a time and nothing else.
func (w When) publicKey(at time.Time) string { return fmt.Sprintf("%d %d", w.Seed, at.UnixNano()) }

// How often the file is looked for, and for how often it may hold nonsense, as one
// that is just being written does.
const (
	lookEvery = 100 * time.Millisecond
	patience  = 20
)

// read waits for the file: an instant, and perhaps a key.
func (w When) read(ctx context.Context) (load.Start, error) {
	look := time.NewTicker(lookEvery)
	defer look.Stop()
	end := time.NewTimer(w.Timeout)
	defer end.Stop()
	var last []byte
	for same := 0; ; {
		text, err := os.ReadFile(w.File)
		if err == nil && len(bytes.TrimSpace(text)) > 0 {
			start, err := w.parse(string(text))
			if err == nil {
				return start, nil
			}
			if same++; !bytes.Equal(text, last) {
				same = 0
			}
			if last = text; same == patience {
				return load.Start{}, err
			}
		} else if err != nil && !errors.Is(err, os.ErrNotExist) {
			return load.Start{}, &NoStart{fmt.Sprintf("cannot read the start file: %v", err)}
		}
		select {
		case <-ctx.Done():
			return load.Start{}, ctx.Err()
		case <-end.C:
			return load.Start{}, &NoStart{fmt.Sprintf("no start instant in %s after %s", w.File, w.Timeout)}
		case <-look.C:
		}
	}
}

// parse reads the text of a start file. The key is not told in errors.
func (w When) parse(text string) (load.Start, error) {
	words := strings.Fields(text)
	at, err := parseTime(words[0])
	if err != nil || len(words) > 2 {
		return load.Start{}, &NoStart{w.File + " holds no start instant: a time such as " +
			time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC).Format(time.RFC3339) + ", and perhaps a key"}
	}
	key := w.publicKey(at)
	if len(words) == 2 {
		key = words[1]
	}
	return load.Start{At: at, Key: digests.NewKey(key)}, nil
}
