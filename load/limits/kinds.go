package limits

import (
	"context"

	"github.com/dfcheck/dfcheck/reports"
	"github.com/dfcheck/dfcheck/spec"
)

// poll is a poll of a client with a code.
func poll(c *client, code string) func(context.Context) answer {
	return func(ctx context.Context) answer { return c.ask(ctx, c.poll, code, false) }
}

// begin is a device authorization request of a client.
func begin(c *client) func(context.Context) answer {
	return func(ctx context.Context) answer { return c.ask(ctx, c.start, "", true) }
}

// guess is a poll of a client with a code that nobody was given.
func guess(c *client) func(context.Context) answer {
	return func(ctx context.Context) answer { return c.ask(ctx, c.poll, spec.NewVerifier(), false) }
}

// polls are those of one live code.
func (r *run) polls() kind {
	k := kind{name: reports.LimitedPolls, ask: poll(r.one, r.codes[0])}
	if len(r.codes) > 1 {
		k.others = append(k.others, other{keyCode, poll(r.one, r.codes[1])})
	} else {
		k.open = append(k.open, keyCode)
	}
	if r.two != nil && r.second != "" {
		k.others = append(k.others, other{keyClient, poll(r.two, r.second)})
	} else {
		k.open = append(k.open, keyClient)
	}
	k.address(r.away, func(c *client) func(context.Context) answer { return poll(c, r.codes[0]) })
	k.related = []other{{reports.LimitedUnknown, guess(r.one)}, {reports.LimitedStarts, begin(r.one)}}
	return k
}

// unknown are polls with codes that nobody was given, another each time.
func (r *run) unknown() kind {
	k := kind{name: reports.LimitedUnknown, ask: guess(r.one)}
	k.byClient(r.two, guess)
	k.address(r.away, guess)
	k.related = []other{{reports.LimitedPolls, poll(r.one, r.codes[0])}, {reports.LimitedStarts, begin(r.one)}}
	return k
}

// starts are device authorization requests.
func (r *run) starts() kind {
	k := kind{name: reports.LimitedStarts, ask: begin(r.one)}
	k.byClient(r.two, begin)
	k.address(r.away, begin)
	k.related = []other{{reports.LimitedPolls, poll(r.one, r.codes[0])}}
	return k
}

func (k *kind) byClient(two *client, ask func(*client) func(context.Context) answer) {
	if two == nil {
		k.open = append(k.open, keyClient)
		return
	}
	k.others = append(k.others, other{keyClient, ask(two)})
}

func (k *kind) address(away *client, ask func(*client) func(context.Context) answer) {
	if away == nil {
		k.open = append(k.open, keyAddress)
		return
	}
	k.others = append(k.others, other{keyAddress, ask(away)})
}
