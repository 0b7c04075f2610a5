package profile

import (
	"fmt"
	"strings"

	"github.com/dfcheck/dfcheck/spec"
	"github.com/dfcheck/dfcheck/spec/keys"
)

// What each key of a profile means. `dfcheck load profiles reference` and the JSON
// Schema are made of it.

// Words of the whole file.
func (Profile) Words() keys.Words {
	return keys.Words{
		"name":        {About: "What reports call the profile.", Default: "custom", Example: "evening-peak"},
		"description": {About: "What it is like, for people.", Example: "Many devices come within a few minutes."},
		"devices": {About: fmt.Sprintf("How many devices come: at most %d, of which a process has %d at most.", MaxCrowd,
			MaxDevices),
			Default: "100, or as many as a replay has", Example: "20000"},
		"duration": {About: "Length of the whole run.", Default: "1m", Example: "10m"},
		"seed":     {About: "Random seed: equal seeds make equal crowds.", Default: "0", Example: "7"},
		"arrivals": {About: "When the devices come.", Default: "all at once", Example: "{kind: poisson, over: 5m}"},
		"groups": {About: "Kinds of devices, with the people who have them.",
			Default: "one group of devices that start again when they are done",
			Example: "[{name: television, people: {approve: 0.8}}]"},
		"connections": {About: "How devices reach the server.", Example: "{mode: device}"},
		"timeout":     {About: "How long an answer may take.", Default: "10s", Example: "5s"},
		"thresholds": {About: "What is expected of the server; `dfcheck load thresholds` lists the figures. Each " +
			"replaces the default one of the same figure.",
			Default: strings.Join(DefaultThresholds, " and "),
			Example: `["error_rate < 0.1%", "poll.p99 < 500ms"]`},
		"abort_on_breach": {About: "Whether the run ends as soon as it cannot meet a threshold any more, whatever " +
			"the rest of it brings.", Default: "false", Example: "true"},
	}
}

// Words of the arrivals.
func (Arrivals) Words() keys.Words {
	return keys.Words{
		"kind": {About: "ramp spreads the devices evenly over a time, constant sends them at a rate, poisson at " +
			"random over a time, burst all at once, stages one part after the other, replay as a file says.",
			Default: "ramp", Example: "poisson", OneOf: arrivalKinds},
		"over": {About: "Time over which they come, for ramp and poisson.", Default: "0s", Example: "5m"},
		"at":   {About: "When the first may come, from the beginning of the run.", Default: "0s", Example: "10s"},
		"rate": {About: "Devices per second, for constant.", Example: "50"},
		"stages": {About: "The parts, for stages. Reports have the figures of each.",
			Example: "[{name: morning, share: 1, over: 5m}, {name: noon, share: 3, over: 5m}]"},
		"file": {About: "CSV file of times, for replay: a column at, in seconds or as 2026-01-02T15:04:05Z, and " +
			"where wanted a column devices with how many come then.",
			Example: "arrivals.csv"},
		"times": {About: "The times, for replay without a file.", Example: "[0s, 1.5s, 4s]"},
	}
}

// Words of a stage.
func (Stage) Words() keys.Words {
	return keys.Words{
		"name": {About: "What thresholds and reports call it.",
			Default: "stage 1, stage 2 and so on", Example: "morning"},
		"kind":  {About: "How its devices come.", Default: "ramp", Example: "burst", OneOf: stageKinds},
		"share": {About: "Its share of the devices, in proportion to those of the other stages.", Example: "3"},
		"over":  {About: "Its length. The last stage lasts to the end of the run.", Example: "5m"},
	}
}

// Words of a group.
func (Group) Words() keys.Words {
	return keys.Words{
		"name": {About: "What thresholds and reports call it.",
			Default: "group 1, group 2 and so on", Example: "television"},
		"weight": {About: "Its share of the devices, in proportion to those of the other groups.",
			Default: "1", Example: "4"},
		"contract": {About: "Built-in contract that its devices follow, at the contract's paths on the host.",
			Default: "that of the target", Example: "rfc8628", OneOf: spec.ContractNames()},
		"client_id": {About: "Its client, a public one: the secret or the key of the target's client is not sent with it.",
			Default: "that of the target", Example: "tv-app"},
		"scope": {About: "The scope that it requests.", Default: "that of the target", Example: "openid"},
		"encodings": {About: "Encodings of its requests by weight: form, json and multipart.",
			Default: "form", Example: "{form: 3, json: 1}"},
		"people": {About: "What the people do who have its devices.",
			Example: "{approve: 0.8, deny: 0.02, delay: {kind: lognormal, median: 35s, p95: 2m}}"},
		"behaviour": {About: "How its devices depart from RFC 8628, if they do.",
			Example: "{jitter: 200ms, replay: 0.02}"},
	}
}

// Words of the people.
func (People) Words() keys.Words {
	return keys.Words{
		"approve": {About: "Share of people who approve, from 0 to 1. Who neither approves nor denies abandons " +
			"the device.",
			Default: "0", Example: "0.8"},
		"deny": {About: "Share of people who deny.", Default: "0", Example: "0.02"},
		"delay": {About: "Time from the start of a flow to the decision.",
			Default: "none", Example: "{kind: uniform, median: 20s}"},
	}
}

// Words of a delay.
func (Delay) Words() keys.Words {
	return keys.Words{
		"kind": {About: "fixed is the median always, uniform from 0 to twice the median, lognormal by median and " +
			"p95, replay as often as in a file.",
			Default: "fixed", Example: "lognormal", OneOf: delayKinds},
		"median": {About: "Half of the people take less.", Default: "0s", Example: "35s"},
		"p95":    {About: "95 of 100 people take less, for lognormal.", Example: "2m"},
		"file": {About: "CSV file of times, for replay: a column delay, in seconds, and where wanted a column " +
			"people with how many take that long.",
			Example: "delays.csv"},
		"times": {About: "The times, for replay without a file.", Example: "[5s, 8s, 40s]"},
	}
}

// Words of the behaviour.
func (Behaviour) Words() keys.Words {
	return keys.Words{
		"slow_down": {About: "Whether devices obey slow_down, by adding five seconds to their interval.",
			Default: Obey, Example: Ignore, OneOf: []string{Obey, Ignore}},
		"early_by": {About: "They poll that much early, until they obey a slow_down.",
			Default: "0s", Example: "500ms"},
		"jitter": {About: "They wait up to that much longer, at random.", Default: "0s", Example: "200ms"},
		"drift":  {About: "Their clocks are slower by this share.", Default: "0", Example: "0.01"},
		"replay": {About: "Share of flows that are polled once more when over.", Default: "0", Example: "0.02"},
		"restart_after": {About: "They begin a new flow that long after one is over; 0 for never.",
			Default: "0s", Example: "2s"},
		"restart_until": {About: "They begin no new flow after that time of the run; 0 for its end.",
			Default: "0s", Example: "4m"},
		"give_up": {About: "They stop polling that long after the start of a flow; 0 for never.",
			Default: "0s", Example: "3m"},
		"on_error": {About: "What they do after an answer that is an error: ask the same again, begin a new " +
			"flow, or do nothing more.",
			Default: Restart, Example: Retry, OneOf: []string{Retry, Restart, Leave}},
	}
}

// Words of the connections.
func (Connections) Words() keys.Words {
	return keys.Words{
		"mode": {About: "pooled shares them, device keeps one for each device to the end of its flow, fresh " +
			"makes one for each request.",
			Default: Pooled, Example: PerDevice, OneOf: []string{Pooled, PerDevice, PerRequest}},
		"max_in_flight": {About: fmt.Sprintf("Requests in flight at a time, at most %d.", MaxInFlight),
			Default: "512", Example: "1024"},
		"http": {About: "Version of HTTP.", Default: "1.1", Example: `"2"`, OneOf: []string{"1.1", "2"}},
		"forwarded_for": {About: "Range of addresses: each device says that it comes from one of them, as a proxy " +
			"would. It means something only to a server that trusts this machine as its proxy.",
			Default: "devices say nothing", Example: "198.18.0.0/16"},
		"forwarded_field": {About: "Header field in which they say it; Forwarded is that of RFC 7239.",
			Default: XForwardedFor + ", with forwarded_for", Example: Forwarded, OneOf: []string{XForwardedFor, Forwarded}},
	}
}
