// Package limits finds the limiters of a device-flow server: how many requests of a kind
// it takes, from whom, and how it recovers.
//
// A map:
//
//   - search.go: which kinds of requests are tried, and in which order;
//   - sender.go: one request, and whether it was served or put off;
//   - measurement.go: requests of one kind, in bursts and one after the other;
//   - recovery.go: what a limiter does once it has refused;
//   - estimate.go: rate, burst and window, from the requests that were served;
//   - key.go: whom a limiter counts together;
//   - kinds.go, several.go, entry.go: the requests of each kind, polls of many devices in
//     turn, and user codes that an approver types;
//   - devices.go: how many polite devices that leaves room for.
package limits
