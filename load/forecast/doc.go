// Package forecast computes the load that a crowd puts on a server, without a run.
//
//   - model.go: from devices, interval, lifetime and latency to rates;
//   - flow.go: the ways that a device's flow can go, and what each asks of the server.
package forecast
