// Package load puts a crowd of simulated devices on a device-flow server, each
// polling as RFC 8628 asks, and reports latencies from the intended send, what
// became of the flows, and every broken promise of the protocol.
//
// Vegeta's Attacker paces and dispatches the requests. Its Pacer is the schedule, a
// wheel of milliseconds; its Targeter hands out the device that is due; the
// RoundTripper under it sends requests that are rendered already, and lets the
// device decide what comes next.
//
// A map:
//
//   - run.go, setup.go, simulation.go: a run from its target to its end, and what
//     happens between vegeta and a device;
//   - device.go, failing.go: the state machine of a device, a pure function;
//   - schedule.go, wheel.go, limiter.go: when which device acts, and how many at once;
//   - population.go, decision.go: what is random about devices, and what people do;
//   - part.go, sharding.go: a part of a crowd, for a run that several processes share;
//   - breach.go, scrapes.go: a run that ends for a threshold; the server's own metrics;
//   - inspect.go, violation.go, duplicates.go: promises that answers break;
//   - record.go, figures.go, timeline.go, windows.go, offered.go, report.go, running.go, machine.go: the figures.
//
// What a crowd is made of stands in package profile, what is expected of it in
// package threshold, what codes that are left behind do to a server is found in package
// trend. Packages capacity and forecast stand above Run;
// shard, local and merge are about runs in several processes.
package load
